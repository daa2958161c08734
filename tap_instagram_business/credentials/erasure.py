"""Everything that is kept of an account: found, shown, erased, and a receipt for it."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.failure import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_instagram_business.credentials.meltano_state import MeltanoStates, StateFile
    from tap_instagram_business.credentials.vault import Vault
    from tap_instagram_business.credentials.warehouse import Warehouse


@dataclass(frozen=True)
class Kept:
    """Where something is kept of the accounts.

    Attributes:
        vault: The accounts with a record in the vault.
        states: The states with bookmarks.
        rows: How many rows each table has.
    """

    vault: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Say it, a line each."""
        yield from (f"the token of {account_id} in the vault" for account_id in self.vault)
        yield from (f"bookmarks in state {state}" for state in self.states)
        yield from (f"{found} rows of table {table}" for table, found in self.rows.items())


@dataclass(frozen=True)
class Erasure:
    """The erasure of accounts from the places that were named."""

    account_ids: Sequence[str]
    vault: Vault | None = None
    states: Sequence[MeltanoStates | StateFile] = ()
    warehouse: Warehouse | None = None

    def kept(self) -> Kept:
        """Look what there is, and change nothing.

        Raises:
            CredentialsError: a place cannot be read.
        """
        records = self.vault.read() if self.vault else {}
        return Kept(
            vault=[account_id for account_id in self.account_ids if account_id in records],
            states=[name for place in self.states for name in place.holding(self.account_ids)],
            rows=self.warehouse.rows(self.account_ids) if self.warehouse else {},
        )

    def carry_out(self, kept: Kept) -> None:
        """Erase what was found, tokens first: no run brings anything back behind our back.

        Raises:
            CredentialsError: something is still there; to do it again goes on where it ended.
        """
        if self.vault and kept.vault:
            with self.vault.changing() as records:
                for account_id in kept.vault:
                    records.pop(account_id, None)
        for place in self.states:
            place.forget(self.account_ids)
        for table in kept.rows:
            if self.warehouse:
                self.warehouse.delete(table, self.account_ids)
        left = list(self.kept().lines())
        if left:
            message = f"Not everything is erased, a run may be under way: {'; '.join(left)}"
            raise CredentialsError(message)

    def receipt(self, kept: Kept, code: str) -> dict[str, Any]:
        """Return what was erased, when, and the code to ask for it with."""
        return {
            "confirmation_code": code,
            "account_ids": list(self.account_ids),
            "erased_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
            "vault": kept.vault,
            "states": kept.states,
            "rows": kept.rows,
        }


def new_code() -> str:
    """Return a confirmation code."""
    return secrets.token_hex(8)
