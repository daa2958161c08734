"""Erases everything that is stored about accounts, and writes a receipt for it."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_instagram_business.credentials.bigquery import BigQueryDataset
    from tap_instagram_business.credentials.meltano_state import MeltanoStates, StateFile
    from tap_instagram_business.credentials.vault import Vault


@dataclass(frozen=True)
class Holdings:
    """Everything that was found about the accounts.

    Attributes:
        vault: The ids of the accounts that have a record in the vault.
        states: The names of the states that contain bookmarks of the accounts.
        rows: The number of their rows in each BigQuery table that has any.
    """

    vault: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield one line of text for each item."""
        yield from (f"the token of {account_id} in the vault" for account_id in self.vault)
        yield from (f"bookmarks in state {state}" for state in self.states)
        yield from (f"{count} rows of table {table}" for table, count in self.rows.items())


@dataclass(frozen=True)
class Erasure:
    """The erasure of accounts from the vault, from states and from a BigQuery dataset.

    Attributes:
        account_ids: The accounts to erase.
        vault: The vault to erase from; None for none.
        states: The states to erase from.
        dataset: The BigQuery dataset to erase from; None for none.
    """

    account_ids: Sequence[str]
    vault: Vault | None = None
    states: Sequence[MeltanoStates | StateFile] = ()
    dataset: BigQueryDataset | None = None

    def find_holdings(self) -> Holdings:
        """Find what is stored about the accounts; nothing is changed.

        Raises:
            CredentialsError: The vault, a state or the dataset cannot be read.
        """
        records = self.vault.read() if self.vault else {}
        return Holdings(
            vault=[account_id for account_id in self.account_ids if account_id in records],
            states=[name for state in self.states for name in state.find(self.account_ids)],
            rows=self.dataset.count_rows(self.account_ids) if self.dataset else {},
        )

    def erase(self, holdings: Holdings) -> None:
        """Erase what was found, and check that nothing is left.

        The tokens are erased first, so that no run can write new data of these accounts meanwhile.

        Raises:
            CredentialsError: Something could not be erased. A second call continues the erasure.
        """
        if self.vault and holdings.vault:
            with self.vault.changing() as records:
                for account_id in holdings.vault:
                    records.pop(account_id, None)
        for state in self.states:
            state.remove(self.account_ids)
        for table in holdings.rows:
            if self.dataset:
                self.dataset.delete_rows(table, self.account_ids)
        left = list(self.find_holdings().lines())
        if left:
            message = (
                f"Some data was not erased ({'; '.join(left)}): erase again when no run is under "
                "way"
            )
            raise CredentialsError(message)

    def receipt(self, holdings: Holdings, code: str) -> dict[str, Any]:
        """Return the receipt: a confirmation code, the time, and what was erased."""
        return {
            "confirmation_code": code,
            "account_ids": list(self.account_ids),
            "erased_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
            "vault": holdings.vault,
            "states": holdings.states,
            "rows": holdings.rows,
        }


def new_confirmation_code() -> str:
    """Return a new random confirmation code."""
    return secrets.token_hex(8)
