"""What a run leaves out: which accounts, in which tables, and why."""

from __future__ import annotations

import logging
from collections import defaultdict

from tap_instagram_business.graph.errors import AccountRateLimited, GraphError, GraphFailure

MOST_NAMED = 20
"""How many accounts the summary names of those with one reason; the log has them all."""

logger = logging.getLogger("tap-instagram-business")


class AccountsUnread(GraphFailure):
    """Some accounts could not be read, or not completely; the others were."""


class Failures:
    """The accounts that are left out, told as it happens and summed up at the end."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._waiting: set[str] = set()
        self._gaps = 0

    def add(self, account: str, table: str, error: GraphError) -> None:
        """Remember that a table gave up on an account.

        That Meta lets one ask no more of it today is no failure: the next run goes on.
        """
        if not isinstance(error, AccountRateLimited):
            remedy = f": {error.rule.remedy}" if error.rule.remedy else ""
            self.add_reason(account, table, f"{error}{remedy}")
            logger.error("%s: account %s is left out: %s", table, account, error)
        elif account not in self._waiting:
            self._waiting.add(account)
            logger.warning("Account %s waits for the next run: %s.", account, error)

    def add_reason(self, account: str, table: str, reason: str) -> None:
        """Remember that an account is left out for a reason that is no error of Meta's."""
        self._tables[reason][account].append(table)

    def add_gap(self) -> None:
        """Count an insight that Meta failed at each time it was asked."""
        self._gaps += 1

    def raise_any(self) -> None:
        """End with what was left out, if anything was.

        Raises:
            AccountsUnread: with a sentence that names accounts, tables and reasons.
        """
        if self._gaps:
            logger.warning("Meta failed at %d insights: the next run asks for them.", self._gaps)
        if self._tables:
            parts = (f"{_named(tables)}: {reason}" for reason, tables in self._tables.items())
            message = f"Not everything could be read. {'; '.join(parts)}"
            raise AccountsUnread(message)


def _named(tables: dict[str, list[str]]) -> str:
    named = [f"{account} in {', '.join(names)}" for account, names in tables.items()]
    more = len(named) - MOST_NAMED
    return ", ".join(named[:MOST_NAMED]) + (f" and {more} accounts more" if more > 0 else "")
