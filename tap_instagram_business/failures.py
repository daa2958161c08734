"""What a run leaves out: which accounts, in which tables, and why."""

from __future__ import annotations

import logging
import traceback
from collections import defaultdict
from pathlib import Path

from tap_instagram_business.graph.errors import AccountRateLimited, CallError, GraphFailure

MAX_NAMED = 20
"""At most this many accounts are named for each reason in the summary; the log names them all."""

logger = logging.getLogger("tap-instagram-business")


class AccountsUnread(GraphFailure):
    """Some accounts could not be read, or not completely; all others were read."""


class RunFailures:
    """The accounts that a run leaves out: each is logged at once, and all are named at the end."""

    def __init__(self, *, on_account_failure: str = "fail") -> None:
        """Leave nothing out yet.

        Args:
            on_account_failure: `fail` if accounts that could not be read are an error of the run;
                `report` if they are only logged at its end.
        """
        self.only_reports = on_account_failure == "log"
        self._tables: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._crashed: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._failed_insights = 0
        self._unreadable: set[str] = set()

    def add(self, account: str, table: str, error: CallError) -> None:
        """Remember that a table could not be read for an account.

        A used-up rate limit is not a failure: the next run continues.
        """
        if not isinstance(error, AccountRateLimited):
            self.add_reason(account, table, error.sentence)
            logger.warning("%s: skipping account %s: %s", table, account, error)
        elif account not in self._waiting:
            self._waiting.add(account)
            logger.warning("Account %s is postponed to the next run: %s.", account, error)

    def add_reason(self, account: str, table: str, reason: str) -> None:
        """Remember that an account is skipped for a reason that did not come from Meta."""
        self._tables[reason][account].append(table)

    def add_crash(self, table: str, error: Exception) -> None:
        """Remember that a table ended with an error that nobody foresaw."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}"
        self._crashed[table] = what
        logger.warning("%s: an unexpected error ends this table: %s (%s)", table, what, error)
        logger.debug("%s", table, exc_info=error)

    def add_unreadable(self, name: str) -> None:
        """Warn, once for each metric, field or list, that Meta returned an unexpected value."""
        if name not in self._unreadable:
            self._unreadable.add(name)
            logger.warning(
                "Meta returned an unexpected value for %s: it is stored as NULL and listed in "
                "`insight_gaps`.",
                name,
            )

    def add_failed_insight(self) -> None:
        """Count an insight that Meta could not answer, however often it was asked."""
        self._failed_insights += 1

    def raise_any(self) -> None:
        """End with a summary if anything was left out.

        Raises:
            AccountsUnread: with a sentence that names accounts, tables and reasons; not for
                accounts that are only to be reported.
        """
        if self._failed_insights:
            logger.warning(
                "Meta failed to return %d insights; the next run requests them again.",
                self._failed_insights,
            )
        parts = [f"{_named(tables)}: {reason}" for reason, tables in self._tables.items()]
        parts += [
            f"table {table} from some point on: an unexpected error ({what}), please report it"
            for table, what in self._crashed.items()
        ]
        if not parts:
            return
        message = f"Not everything could be read. {'; '.join(parts)}"
        if self._crashed or not self.only_reports:
            raise AccountsUnread(message)
        logger.error("%s.", message)


def _named(tables: dict[str, list[str]]) -> str:
    named = [f"{account} in {', '.join(sorted(names))}" for account, names in tables.items()]
    more = len(named) - MAX_NAMED
    return ", ".join(named[:MAX_NAMED]) + (f" and {more} accounts more" if more > 0 else "")
