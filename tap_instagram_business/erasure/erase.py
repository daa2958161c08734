"""Erases everything that is stored about accounts, and writes a receipt for it.

A run that is under way may still write rows or bookmarks of an account. The tap consults the erased
accounts itself. But a loader has rows in memory that were written before, and Meltano writes the
last state when a run ends. So an erasure waits for the end of the run.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage.local import exclusive
from tap_instagram_business.tokens.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tap_instagram_business.erasure.bigquery import BigQueryDataset
    from tap_instagram_business.erasure.meltano_bridge import MeltanoBridge, StateFile
    from tap_instagram_business.tokens.vault import Vault

HEARTBEAT = dt.timedelta(minutes=5)
"""Meltano: a run without a sign of life for this long is dead."""
PAUSE_SECONDS = 1.0
SETTLE_SECONDS = 1.0
"""A loader that has just been started has no staging table yet."""
MAX_ROUNDS = 5
"""How often erasing is repeated because a new run has begun meanwhile."""
DEFAULT_WAIT_SECONDS = 600.0
LOCK_EXTRA_SECONDS = 300.0
"""How much longer than for a run to wait for another erasure, which also waits for the run."""


@dataclass(frozen=True)
class ActiveRuns:
    """The signs of a run: Meltano's table of runs, and the staging tables of a loader.

    Attributes:
        meltano: The Meltano project that starts the runs; None without one.
        dataset: The BigQuery dataset into which runs load; None for none.
    """

    meltano: MeltanoBridge | None = None
    dataset: BigQueryDataset | None = None

    def find(self) -> list[str]:
        """Return what shows that a run is under way; empty if nothing does.

        Raises:
            CredentialsError: Meltano's database or the dataset cannot be read.
        """
        runs = self.meltano.ask("running") if self.meltano else []
        if alive := [f"run {name} of Meltano" for name, moment in runs if _is_alive(moment)]:
            return alive
        staging = self.dataset.staging_tables() if self.dataset else []
        return [f"the staging table {name}" for name in staging]

    def wait(self, seconds: float) -> None:
        """Wait until no run is under way.

        Raises:
            CredentialsError: One is still under way after this time.
        """
        deadline = time.monotonic() + seconds
        while signs := self._settled_signs():
            if time.monotonic() >= deadline:
                raise CredentialsError(
                    f"A run is under way ({', '.join(signs[:3])}). The tokens are erased, and the "
                    "account is marked as erased. Erase again when the run has ended: only then "
                    "the rest can be erased. If it was broken off and left these behind, give "
                    "--assume-no-active-run"
                )
            time.sleep(PAUSE_SECONDS)

    def _settled_signs(self) -> list[str]:
        signs = self.find()
        if not signs and self.dataset and not self.meltano:
            time.sleep(SETTLE_SECONDS)
            signs = self.find()
        return signs


def _is_alive(heartbeat: str | None) -> bool:
    """Return whether the heartbeat of a run is recent; a run without one counts as alive."""
    if not heartbeat:
        return True
    last = dt.datetime.fromisoformat(heartbeat)
    last = last if last.tzinfo else last.replace(tzinfo=dt.timezone.utc)
    return dt.datetime.now(dt.timezone.utc) - last < HEARTBEAT


@dataclass(frozen=True)
class StoredData:
    """Everything that was found about the accounts.

    Attributes:
        vault: The ids of the accounts that have a record in the vault.
        states: The names of the states, and of files of runs, that mention the accounts.
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

    def __add__(self, other: StoredData) -> StoredData:
        return StoredData(
            vault=list(dict.fromkeys([*self.vault, *other.vault])),
            states=list(dict.fromkeys([*self.states, *other.states])),
            rows=dict(Counter(self.rows) + Counter(other.rows)),
        )


@dataclass(frozen=True)
class Erasure:
    """The erasure of accounts from the vault, from states and from a BigQuery dataset.

    Attributes:
        account_ids: The accounts to erase.
        vault: The vault to erase from; None for none.
        states: The states to erase from.
        dataset: The BigQuery dataset to erase from; None for none.
        tombstones: Where the accounts are marked as erased.
        runs: The runs that may still write data of the accounts.
        wait_seconds: How long to wait for a run to end.
        lock: The file whose lock keeps other erasures waiting; None for none.
    """

    account_ids: Sequence[str]
    vault: Vault | None = None
    states: Sequence[MeltanoBridge | StateFile] = ()
    dataset: BigQueryDataset | None = None
    tombstones: Tombstones = field(default_factory=lambda: Tombstones(None))
    runs: ActiveRuns = field(default_factory=ActiveRuns)
    wait_seconds: float = DEFAULT_WAIT_SECONDS
    lock: Path | None = None

    def find_holdings(self) -> StoredData:
        """Find what is stored about the accounts; nothing is changed.

        Raises:
            CredentialsError: The vault, a state or the dataset cannot be read.
        """
        return StoredData(
            vault=[name for name in self.account_ids if self.vault and self.vault.version(name)],
            states=[name for state in self.states for name in state.find(self.account_ids)],
            rows=self.dataset.count_rows(self.account_ids) if self.dataset else {},
        )

    def find_unreachable(self) -> list[str]:
        """Find what mentions the accounts but cannot be erased here.

        Raises:
            CredentialsError: The dataset cannot be read.
        """
        in_files = [name for state in self.states for name in state.unreachable(self.account_ids)]
        in_tables = self.dataset.undeletable(self.account_ids) if self.dataset else []
        return [*in_files, *in_tables]

    def erase(self) -> StoredData:
        """Erase everything that is stored about the accounts, and check that nothing is left.

        1. The accounts are marked as erased: from now on, no run writes them.
        2. Their tokens are erased, so that no run reads them.
        3. When no run is under way, the rest is erased. A loader has rows in memory, and Meltano
           writes the last state when a run ends.
        4. The last look comes after everything. If a run has begun meanwhile, it goes on with 3.

        Returns:
            What was erased.

        Raises:
            CredentialsError: Something could not be erased. A second call continues the erasure.
        """
        erased = StoredData(vault=self._erase_tokens())
        # Meltano writes states as a whole: what one erasure has removed, another one would write
        # again.
        wait_seconds = self.wait_seconds + LOCK_EXTRA_SECONDS
        try:
            with exclusive(self.lock, wait_seconds) if self.lock else nullcontext():
                return self._erase_until_nothing_is_left(erased)
        except TimeoutError:
            raise CredentialsError(
                "Another erasure is under way: erase again when it has ended"
            ) from None

    def _erase_until_nothing_is_left(self, erased: StoredData) -> StoredData:
        for _ in range(MAX_ROUNDS):
            self.runs.wait(self.wait_seconds)
            found = self.find_holdings()
            self._erase_rest(found)
            erased += found
            left = [*self.find_holdings().lines(), *self._connected_meanwhile()]
            if not left and not self.runs.find():
                return erased
        raise CredentialsError(
            f"Some data was not erased ({'; '.join(left) or 'another run has begun'}): erase again "
            "when no run is under way"
        )

    def _erase_tokens(self) -> list[str]:
        """Mark the accounts, then delete their records: in this order, `connect` notices it."""
        self.tombstones.add(self.account_ids)
        return self.vault.delete(self.account_ids) if self.vault else []

    def _connected_meanwhile(self) -> list[str]:
        """Return a line for each account whose mark `connect` has removed meanwhile."""
        marked = self.tombstones.marked(self.account_ids)
        unmarked = {*self.account_ids}.difference(marked) if self.tombstones.location else ()
        return [f"account {name} was connected at the same time" for name in sorted(unmarked)]

    def _erase_rest(self, holdings: StoredData) -> None:
        self._erase_tokens()
        for state in self.states:
            state.remove(self.account_ids)
        if self.dataset:
            self.dataset.delete_rows(holdings.rows, self.account_ids)
