"""How gaps of consecutive days become one row, and those of other accounts, reasons or days not."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.graph.accounts import Account
from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.graph.errors import GraphError
from tap_instagram_business.streams.gaps import InsightGaps
from tests.tap_run import Run, catalog, new_tap

if TYPE_CHECKING:
    from tap_instagram_business.streams.gap_writer import GapWriter

ACCOUNT, OTHER = Account("17841400000000001", "token"), Account("17841400000000002", "token")
DENIED = GraphError({"code": 10, "message": "no permission"})
OUTAGE = GraphError({"code": 2, "message": "Service temporarily unavailable"})


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def gaps(run: Run) -> GapWriter:
    server: Any = SimpleNamespace(url="http://127.0.0.1:9")
    tap = new_tap(server, writer=run, catalog=catalog("insight_gaps"))
    table = tap.streams["insight_gaps"]
    assert isinstance(table, InsightGaps)
    return table.gaps


def rows(run: Run) -> set[tuple[str, str, str, str, str]]:
    names = ("account_id", "metric", "reason", "date", "last_date")
    return {tuple(row[name][-2:] for name in names) for row in run.table("insight_gaps").values()}


def test_days_that_go_on_are_one_row_also_in_later_calls(run: Run, gaps: GapWriter) -> None:
    for number in (2, 1):
        gaps.add(ACCOUNT, "reach", Reason.EMPTY, day=day(number))
    gaps.write_days(ACCOUNT)
    gaps.add(ACCOUNT, "reach", Reason.EMPTY, day=day(3))
    gaps.write_days(ACCOUNT)
    assert {(row[3], row[4]) for row in rows(run)} == {("01", "03")}


def test_a_day_between_makes_two_rows(run: Run, gaps: GapWriter) -> None:
    for number in (1, 2, 4):
        gaps.add(ACCOUNT, "reach", Reason.EMPTY, day=day(number))
    gaps.write_days(ACCOUNT)
    assert {(row[3], row[4]) for row in rows(run)} == {("01", "02"), ("04", "04")}


@pytest.mark.parametrize(
    ("account", "metric", "why"),
    [
        (OTHER, "reach", Reason.EMPTY),
        (ACCOUNT, "views", Reason.EMPTY),
        (ACCOUNT, "reach", Reason.UNPLACED),
        (ACCOUNT, "reach", DENIED),
    ],
)
def test_another_account_metric_reason_or_error_is_another_row(
    run: Run, gaps: GapWriter, account: Account, metric: str, why: Reason | GraphError
) -> None:
    gaps.add(ACCOUNT, "reach", Reason.EMPTY, day=day(1))
    gaps.write_days(ACCOUNT)
    gaps.add(account, metric, why, day=day(2))
    gaps.write_days(account)
    assert sorted(
        (row["date"][-2:], row["last_date"][-2:]) for row in run.records["insight_gaps"]
    ) == [
        ("01", "01"),
        ("02", "02"),
    ]


def test_another_error_code_is_another_row(run: Run, gaps: GapWriter) -> None:
    for number, error in enumerate((DENIED, GraphError({"code": 200, "message": "no"})), start=1):
        gaps.add(ACCOUNT, "reach", error, day=day(number))
    gaps.write_days(ACCOUNT)
    assert [(row["code"], row["date"][-2:]) for row in run.records["insight_gaps"]] == [
        (10, "01"),
        (200, "02"),
    ]


def test_what_meta_failed_at_is_counted_for_the_end_of_the_run(
    gaps: GapWriter, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        gaps.add(ACCOUNT, "reach", OUTAGE, day=day(number))
    gaps.add(ACCOUNT, "views", DENIED)
    gaps._run.failures.raise_any()
    assert "Meta failed to return 2 insights; the next run requests them again." in caplog.text
