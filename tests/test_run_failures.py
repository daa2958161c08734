"""What a run reports at its end about what it could not read."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest

from tap_instagram_business.failures import AccountsUnread, RunFailures
from tap_instagram_business.graph.errors import AccountRateLimited, GraphError

DENIED = GraphError({"code": 10, "message": "no permission"})


def test_insights_that_meta_failed_at_are_a_warning_and_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    left_out = RunFailures()
    for _ in range(2):
        left_out.add_failed_insight()
    left_out.raise_any()
    told = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert told == [
        (logging.WARNING, "Meta failed to return 2 insights; the next run requests them again.")
    ]


def test_an_account_that_waits_for_the_next_run_is_named_once_and_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    left_out = RunFailures()
    for table in ("media", "stories"):
        left_out.add("1784", table, AccountRateLimited("used up"))
    left_out.raise_any()
    assert caplog.messages == ["Account 1784 is postponed to the next run: used up."]


def test_accounts_and_tables_that_failed_for_one_reason_are_named_together() -> None:
    left_out = RunFailures()
    for account, table in (("1", "stories"), ("1", "media"), ("2", "media")):
        left_out.add(account, table, DENIED)
    with pytest.raises(AccountsUnread, match=r"1 in media, stories, 2 in media: Meta's error 10"):
        left_out.raise_any()


@pytest.mark.parametrize(("on_account_failure", "errors"), [("fail", 0), ("log", 1)])
def test_what_is_left_out_is_an_error_once_at_the_end(
    caplog: pytest.LogCaptureFixture, on_account_failure: str, errors: int
) -> None:
    """The error that `fail` raises is logged by the command."""
    left_out = RunFailures(on_account_failure=on_account_failure)
    left_out.add("1", "media", DENIED)
    with suppress(AccountsUnread):
        left_out.raise_any()
    try:
        int("no number")
    except ValueError as error:
        left_out.add_crash("media", error)
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(told) == errors
    assert "media: skipping account 1: Meta's error 10: no permission" in caplog.messages
