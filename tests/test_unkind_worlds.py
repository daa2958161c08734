"""Whatever Meta answers costs only what it is about, and nothing of it in silence.

The sandbox spoils fields, items and calls at random, and keeps a record. What it has not touched
must equal the truth. What it has touched may be NULL or absent, but then a gap, a warning or the
exit code tells so; it is never another value.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, GraphApiServer, WorldSettings, unkind
from tap_instagram_business.failures import AccountsUnread
from tests import truth
from tests.tap_run import catalog, run_tap
from tests.truth.comparison import comparable_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.tap_run import Row, Run

pytestmark = pytest.mark.soak

SEEDS = int(os.environ.get("UNKIND_SEEDS", "20"))
START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAYS = truth.days_to(truth.last_complete_day(START), 6)
SHARES = (0.002, 0.01, 0.04)
LISTED_IN_PARTS = frozenset({"account_insights_breakdowns", "media_insights_breakdowns"})
"""Tables whose rows are parts: Meta leaves out parts of zero, so that a lost part is not seen."""
FROM_OTHERS = frozenset({"hashtags", "mentions", "caption_length", "children_count", "position"})
"""Columns that follow from the caption or the slides: what is left out cannot be told from none."""
FROM_PARTS = frozenset(
    {"follows", "unfollows", "taps_forward", "taps_back", "exits", "swipes_forward"}
)
"""Columns of a part: a part that is left out is zero, and so is one that was lost."""
NOT_SEEN = frozenset({"drop_item", "drop_field", "rename_field", "null_field", "duplicate_field"})
"""What cannot be told from an answer in which Meta has left out the same on purpose."""
OF_DAYS = {
    "account_insights": "",
    "account_insights_breakdowns": "",
    "account_reach": "reach",
    "online_followers": "online_followers",
}
"""Tables of days, and the metric that all of their columns are about."""
MAY_PASS = frozenset({1, 2})
"""Codes of errors that Meta calls transient."""
METRIC_OF = {
    **{("account_insights", name): "follows_and_unfollows" for name in ("follows", "unfollows")},
    **{
        ("story_insights", name): "navigation"
        for name in ("taps_forward", "taps_back", "exits", "swipes_forward")
    },
}
"""The metric that a column is a part of, where it is not the metric itself."""
NO_PAGE = "Not read: something in the list me/accounts"
"""A warning that an account may be missing of which Meta gave not even the name."""
INSIGHT_COLUMNS = frozenset(truth.DAY_COLUMNS) | frozenset(truth.INSIGHT_COLUMNS)
"""Columns that Meta was asked for: if it leaves one out, a gap must tell so."""
LISTED_BY_DAY = frozenset({"account_insights", "account_reach"})
"""Tables that Meta was asked for day by day: if it leaves out a day, a gap must tell so."""


@dataclass(frozen=True)
class Check:
    """Compares what a run wrote with the truth, in the light of what was spoiled."""

    server: GraphApiServer
    run: Run
    warnings: str

    def every_table(self) -> None:
        expected = truth.every_table(self.server.world, START, DAYS)
        expected["comments"] = truth.comments(self.server.world, START)
        expected["tagged_media"] = truth.tagged_media(self.server.world, START)
        for stream, table in expected.items():
            got = self.run.table(stream) if stream in self.run.schemas else {}
            for key in got.keys() - table.keys():
                pytest.fail(f"{stream} has a row that is not true: {got[key]}")
            for key, row in table.items():
                if key in got:
                    self.row(stream, got[key], row)
                else:
                    self.absent(stream, row)

    def row(self, stream: str, got: Row, expected: Row) -> None:
        whole = {**dict.fromkeys(got), **expected}
        for column, value in whole.items():
            written = got.get(column)
            if comparable_value(column, written) == comparable_value(column, value):
                continue
            if column == "like_count" and written == self.hidden_likes(expected):
                continue
            what = f"{stream}.{column} of {got} is not {value}"
            kinds = self.kinds(stream, expected, column)
            if not kinds and written is None and self.is_failure(stream, expected, column):
                continue
            assert kinds, f"nothing was spoiled, but {what}"
            if written is None:
                self.is_told(stream, expected, kinds, what, column)
                continue
            may_be_lost = column in FROM_OTHERS or (column in FROM_PARTS and written == 0)
            assert may_be_lost, what
            assert kinds & NOT_SEEN, what

    def hidden_likes(self, row: Row) -> int | None:
        """Return the likes of a media if Meta hides them in lists only, but not from its node."""
        media = self.server.world.media_by_id(row.get("media_id") or row["id"])
        likes: int | None = self.server.world.media_fields(media, START, direct=True)["like_count"]
        return likes if media.hides_likes else None

    def absent(self, stream: str, expected: Row) -> None:
        what = f"{stream} lacks {expected}"
        kinds = self.kinds(stream, expected)
        assert kinds or self.run.error, f"nothing was spoiled, but {what}"
        if stream not in LISTED_IN_PARTS or not kinds & NOT_SEEN:
            self.is_told(stream, expected, kinds, what)

    def accounts_without_id(self) -> set[str]:
        """Return the accounts that a warning is about, because Meta gave no id for them.

        It names their Page, or only the list if there is nothing in the place of the Page.
        """
        listed = self.run.table("accounts")
        return {
            page.account.id
            for page in self.server.world.pages
            if page.account
            and (
                f"Not read: Page {page.name} ({page.id})" in self.warnings
                or (NO_PAGE in self.warnings and (page.account.id,) not in listed)
            )
        }

    def is_failure(self, stream: str, row: Row, column: str) -> bool:
        """Whether Meta failed at the whole call of a number, for a reason that may pass.

        The metrics of such a call are not asked for one by one if both halves of it fail too.
        """
        own = METRIC_OF.get((stream, column), column)
        own = truth.FOLLOWS if own == "follows_and_unfollows" else own
        return any(
            gap["account_id"] == row["account_id"]
            and gap["metric"] in {own, truth.DOES_NOT_APPLY}
            and gap["reason"] == "meta_error"
            and gap["code"] in MAY_PASS
            for gap in self.run.records.get("insight_gaps", ())
        )

    def kinds(self, stream: str, row: Row, column: str = "") -> set[str]:
        """The ways in which something was spoiled that a row, or its column, may be about."""
        media, day, metric = row.get("media_id"), None, row.get("metric")
        if stream in {"media", "stories", "media_children"}:
            media = row.get("media_id") or row["id"]
        if stream in OF_DAYS:
            day = dt.date.fromisoformat(row["date"])
            metric = metric or OF_DAYS[stream] or METRIC_OF.get((stream, column), column)
        touched = self.server.faults.touched.about(
            account_id=row["account_id"], media_id=media, metric=metric or None
        )
        # A metric that fails for good is not asked for again, whatever the day.
        return {
            part.kind
            for part in touched
            if (media or part.media_id is None)
            and (day is None or part.day in {None, day} or part.kind == "fail_metric")
        }

    def is_told(self, stream: str, row: Row, kinds: set[str], what: str, column: str = "") -> None:
        """Demand a gap that is about just this, or an error of the run that names the account."""
        error = self.run.error
        if error and (not isinstance(error, AccountsUnread) or row["account_id"] in str(error)):
            return
        if row["account_id"] in self.accounts_without_id():
            return
        is_asked_for = column in INSIGHT_COLUMNS if column else stream in LISTED_BY_DAY
        # Of an account that Meta never listed, nothing can be told, and nothing is asked.
        is_listed = (row["account_id"],) in self.run.table("accounts")
        may_be_left_out = not (is_asked_for and is_listed)
        if kinds & NOT_SEEN and may_be_left_out:
            return
        gaps: Iterable[Row] = self.run.records.get("insight_gaps", ())
        about = [gap for gap in gaps if is_about(gap, stream, row, column)]
        assert about, f"nothing tells that {what} ({stream}, {kinds}; {self.warnings})"


def is_about(gap: Row, stream: str, row: Row, column: str) -> bool:
    """Whether a gap is about a row, or about one of its columns."""
    metric, _, _ = gap["metric"].partition(" ")
    media = row["media_id"] if "media_id" in row else row.get("id", truth.DOES_NOT_APPLY)
    media = truth.DOES_NOT_APPLY if stream == "accounts" else media
    is_list = metric.startswith("/")
    if gap["account_id"] != row["account_id"] or (gap["media_id"] != media and not is_list):
        return False
    if stream in OF_DAYS and not gap["date"] <= row["date"] <= gap["last_date"]:
        return False
    own = row.get("metric") or OF_DAYS.get(stream) or METRIC_OF.get((stream, column), column)
    return is_list or not own or metric in {truth.DOES_NOT_APPLY, own}


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_not_touched_is_true_and_what_is_touched_is_told(
    login: Any, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    world = WorldSettings(
        accounts=2 if login == "facebook" else 1,
        posts=12,
        days=len(DAYS),
        stories_per_day=2,
        seed=seed,
        start=START,
        login=login,
    )
    spare = "" if seed % 5 == 0 else r"/me(\?|/|$)"
    orders = unkind(seed, SHARES[seed % len(SHARES)], spare=spare)
    every_table = [entry["tap_stream_id"] for entry in catalog()["streams"]]
    with GraphApiServer(world, api_settings=ApiSettings(faults=orders)) as server:
        run = run_tap(
            server,
            strict=False,
            login=login,
            catalog=catalog(*every_table),
            start_date=DAYS[0].isoformat(),
        )
        # A small share of the calls may be none of them, but something is always spoiled.
        assert any(server.faults.served().values())
    assert "unexpected error" not in caplog.text
    Check(server, run, caplog.text).every_table()
