"""Each answer that somebody recorded of the real Graph API: all that it is not about is true."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.metrics import MEDIA_METRICS
from tests import truth
from tests.tap_run import Warehouse, catalog, run_tap
from tests.test_unkind_worlds import is_about
from tests.truth.comparison import comparable_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Run

pytestmark = pytest.mark.soak

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAYS = truth.days_to(truth.last_complete_day(START), 6)
WORLD: dict[str, Any] = {
    "posts": 40,
    "days": len(DAYS),
    "seed": 9,
    "start": START,
    "stories_per_day": 4,
    "hidden_likes_share": 0,
}
LOGINS = ("facebook", "instagram")
OF_STORIES = {
    *("follows", "unfollows", "taps_forward", "taps_back", "exits", "swipes_forward"),
}


@dataclass(frozen=True)
class Case:
    """An oddity, and what it may cost.

    Attributes:
        order: the oddity.
        columns: the columns that may be NULL for it.
        tables: the tables that may lack rows for it.
        others: the tables that may have rows that the world does not know.
        values: the values that columns may have instead.
        fails: whether the run says that something was left out, with exit code 1.
        logins: the logins with which it may come.
    """

    order: Fault
    columns: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)
    fails: bool = False
    logins: tuple[str, ...] = LOGINS

    @property
    def costs(self) -> bool:
        return bool(self.columns or self.tables)


def costs(
    order: Fault, *, columns: str = "", tables: str = "", others: str = "", **more: Any
) -> Case:
    return Case(
        order,
        frozenset(columns.split()),
        frozenset(tables.split()),
        frozenset(others.split()),
        **more,
    )


FACEBOOK_ONLY: dict[str, Any] = {"logins": ("facebook",)}
NUMBERS = (
    "reach views likes comments saved shares reposts total_interactions follows profile_visits "
    "replies navigation link_clicks ig_reels_avg_watch_time ig_reels_video_view_total_time "
    "reels_skip_rate total_likes total_comments total_views crossposted_views facebook_views "
    "accounts_engaged saves profile_links_taps profile_views website_clicks follower_count "
    "followers_count follows_count media_count like_count comments_count shares_count "
    "reposts_count total_like_count total_comments_count total_views_count unfollows "
    "taps_forward taps_back exits swipes_forward value followers_online"
)
FRACTIONAL = frozenset(metric.name for metric in MEDIA_METRICS if metric.type == "number")
PARTS = "account_insights_breakdowns media_insights_breakdowns"
OF_NUMBERS = f"{PARTS} audience_demographics online_followers account_reach account_insights"
ALL_INSIGHTS = f"{OF_NUMBERS} media_insights story_insights"

CASES = {
    "not on Facebook": costs(
        Fault("not_crossposted", form="any"),
        columns="crossposted_views facebook_views",
        **FACEBOOK_ONLY,
    ),
    "retired": costs(Fault("retired_metric", names=("saved",)), columns="saved"),
    "retired, unnamed": costs(
        Fault("retired_metric", form="unknown_1", names=("views",)),
        columns="views",
        tables="account_insights_breakdowns",
    ),
    "refused media, 10": costs(
        Fault("refused_media", share=0.2, objects=("FEED", "REELS")),
        tables="media_insights media_insights_breakdowns",
    ),
    "refused media, 200": costs(
        Fault("refused_media", share=0.2, code=200, objects=("FEED", "REELS")),
        tables="media_insights media_insights_breakdowns",
    ),
    # Only the words are others: the world itself has stories with too few viewers.
    "too few viewers": costs(Fault("too_few_viewers", form="foreign")),
    "ads": costs(
        Fault("ad_media", share=0.2),
        tables="media_insights media_insights_breakdowns",
        values={"media_product_type": "AD"},
    ),
    "refused breakdown": costs(
        Fault("refused_breakdown", names=("reach",)),
        tables="account_insights_breakdowns",
    ),
    "refused breakdown, accident": costs(
        Fault("refused_breakdown", form="unknown_1", names=("reach",)),
        tables="account_insights_breakdowns",
    ),
    **{
        f"late split, {form}": costs(
            Fault("late_follow_split", form=form),
            columns="follows unfollows",
            tables="account_insights_breakdowns",
        )
        for form in ("no_results", "empty_results", "no_breakdowns")
    },
    **{
        f"bucket names, {form}": costs(Fault("bucket_names", form=form))
        for form in ("lower", "upper", "mixed")
    },
    "bucket names, unknown": costs(
        Fault("bucket_names", form="unknown"),
        columns=" ".join(OF_STORIES),
        tables=f"{PARTS} audience_demographics",
        others=f"{PARTS} audience_demographics",
    ),
    "two dimensions, unasked": costs(
        Fault("two_dimensions", form="unasked"),
        columns="follows unfollows",
        tables="account_insights_breakdowns",
    ),
    "numbers as digits": costs(Fault("numbers", form="digits")),
    "numbers with a zero fraction": costs(Fault("numbers", form="whole_fraction")),
    **{
        f"numbers, {form}": costs(
            Fault("numbers", form=form, share=0.1), columns=NUMBERS, tables=ALL_INSIGHTS
        )
        for form in ("fraction", "word", "null", "object", "list", "boolean", "absent")
    },
    **{
        f"timestamps, {form}": costs(Fault("timestamps", form=form))
        for form in ("z", "unix", "colon", "fraction")
    },
    "paged slides": costs(Fault("paged_children", number=3)),
    "paged slides, at most": costs(Fault("paged_children", form="maximum", number=3)),
    "a broken media in the list": costs(
        Fault("broken_listed_media", names=("is_ai_generated",), share=0.1),
        tables="media media_children media_history media_insights media_insights_breakdowns",
    ),
    "no product type": costs(
        Fault("no_product_type"), columns="media_product_type", logins=("instagram",)
    ),
    "an unreadable Page": costs(
        Fault("unreadable_page", accounts=(1,)), tables="*", **FACEBOOK_ONLY
    ),
    "other language": costs(Fault("other_language")),
    "another other language": costs(Fault("other_language", form="nameless")),
    "newer version": costs(Fault("newer_version")),
}
EVERY_CASE = [
    pytest.param(name, login, marks=[pytest.mark.long] if number else [])
    for name, case in CASES.items()
    for number, login in enumerate(case.logins)
]
"""With the second login an oddity costs the same, so that only the long proofs look at it."""


def differences(run: Run, server: GraphApiServer, case: Case) -> tuple[list[str], int]:
    """What differs from the truth that the oddity is not about, and how much it has cost."""
    wrong: list[str] = []
    cost = 0
    for stream, table in truth.every_table(server.world, START, DAYS).items():
        got = run.table(stream)
        more, less = got.keys() - table.keys(), table.keys() - got.keys()
        if more and stream not in case.others:
            wrong.append(f"{stream} has {min(more)}")
        if less and not case.tables & {stream, "*"}:
            wrong.append(f"{stream} lacks {min(less)}")
        cost += len(less)
        for key in table.keys() & got.keys():
            row = {**dict.fromkeys(got[key]), **table[key]}
            for column, value in row.items():
                written = got[key].get(column)
                if comparable_value(column, written) != comparable_value(column, value):
                    cost += 1
                    is_lost = column in case.columns and written is None
                    is_fraction = column in FRACTIONAL and written == value + 0.25
                    if not (is_lost or is_fraction or case.values.get(column, value) == written):
                        wrong.append(f"{stream}.{column} {key}: {written}, not {value}")
    return wrong, cost


@pytest.mark.parametrize(("name", "login"), EVERY_CASE)
def test_an_oddity_costs_only_what_it_is_about(
    serve: Callable[..., GraphApiServer], name: str, login: Any
) -> None:
    case = CASES[name]
    world = WorldSettings(**WORLD, accounts=2 if login == "facebook" else 1, login=login)
    server = serve(world, api_settings=ApiSettings(faults=(case.order,)))
    every_table = [entry["tap_stream_id"] for entry in catalog()["streams"]]
    run = run_tap(
        server,
        login=login,
        strict=case.fails,
        catalog=catalog(*every_table),
        start_date=DAYS[0].isoformat(),
        media_refresh="always",
    )
    assert run.error is None
    wrong, cost = differences(run, server, case)
    assert not wrong, wrong[:5]
    if case.costs:
        assert cost


AT_ONCE = (
    Fault("not_crossposted"),
    Fault("retired_metric", form="foreign_nameless", names=("saved",)),
    Fault("refused_media", share=0.03, objects=("FEED", "REELS")),
    Fault("too_few_viewers", form="foreign"),
    Fault("ad_media", share=0.03),
    Fault("refused_breakdown", form="unknown_1", names=("saves",)),
    Fault("late_follow_split"),
    Fault("bucket_names", form="mixed"),
    Fault("follower_count_edge"),
    Fault("numbers", form="word", share=0.01),
    Fault("timestamps", form="fraction"),
    Fault("captions", form="emoji"),
    Fault("paged_children", number=3),
    Fault("broken_listed_media", names=("is_ai_generated",), share=0.03),
    Fault("lost_account", form="insights", accounts=(4,)),
    Fault("other_language", form="nameless"),
    Fault("newer_version"),
)
"""All that was recorded and can come together, with the Facebook login."""
OF_CAPTIONS = frozenset({"caption", "caption_length", "hashtags", "mentions"})
"""What an oddity of captions replaces with another text."""


@pytest.mark.parametrize("posts", [40, pytest.param(300, marks=pytest.mark.long)])
def test_all_that_was_recorded_comes_at_once(
    serve: Callable[..., GraphApiServer], posts: int
) -> None:
    world = WorldSettings(**{**WORLD, "posts": posts}, accounts=5)
    server = serve(world, api_settings=ApiSettings(faults=AT_ONCE))
    run = run_tap(server, strict=False, start_date=DAYS[0].isoformat(), media_refresh="always")
    lost = server.world.account_ids[4]
    assert isinstance(run.error, AccountsUnread)
    assert lost in str(run.error)
    assert not [name for name in server.world.account_ids[:4] if name in str(run.error)]
    gaps = run.records["insight_gaps"]
    wrong, cost, right = [], 0, 0
    for stream, table in truth.every_table(server.world, START, DAYS).items():
        got = run.table(stream)
        wrong += [f"{stream} has {key}" for key in got.keys() - table.keys()]
        for key, row in table.items():
            whole = {**dict.fromkeys(got.get(key, ())), **row}
            for column, value in whole.items():
                written = got.get(key, {}).get(column)
                is_odd = written == "AD" or column in OF_CAPTIONS
                is_true = comparable_value(column, written) == comparable_value(column, value)
                if is_true or is_odd:
                    right += 1
                elif written is None and (
                    row["account_id"] == lost
                    or any(is_about(gap, stream, row, column if key in got else "") for gap in gaps)
                ):
                    cost += 1
                else:
                    wrong.append(f"{stream}.{column} {key}: {written}, not {value}")
    assert not wrong, wrong[:5]
    assert 0 < cost < right / 2


def test_a_node_that_was_refused_is_read_with_its_insights_by_the_next_run(
    serve: Callable[..., GraphApiServer],
) -> None:
    order = Fault("broken_listed_media", names=("is_ai_generated",), share=0.2)
    server = serve(
        WorldSettings(**{**WORLD, "days": 400}, accounts=1),
        api_settings=ApiSettings(faults=(order,)),
    )
    wanted = catalog("media", "media_insights", "insight_gaps")
    warehouse = Warehouse()
    run = warehouse.load(run_tap(server, catalog=wanted))
    refused = {gap["media_id"] for gap in run.records["insight_gaps"] if gap["metric"] == "/media"}
    assert refused
    assert not refused & {media_id for (media_id,) in run.table("media")}
    server.faults.clear()
    warehouse.load(run_tap(server, catalog=wanted, state=warehouse.state))
    truth.tables_equal(warehouse.tables["media"], truth.media(server.world, START))
    expected = truth.media_insights(server.world, START)
    truth.tables_equal(warehouse.tables["media_insights"], expected)
