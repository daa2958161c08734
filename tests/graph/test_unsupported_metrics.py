"""How far a refused metric reaches, and which calls find out about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.graph.calls import Call, Result
from tap_instagram_business.graph.error_table import METRIC_REFUSED
from tap_instagram_business.graph.errors import GraphError
from tap_instagram_business.graph.insights_request import InsightsCall
from tap_instagram_business.graph.probing import MetricSearch, ProbeCalls
from tap_instagram_business.graph.unsupported_metrics import UnsupportedMetrics

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

METRICS = ("reach", "likes", "saved", "shares")
NAMED = GraphError({"code": 100, "message": "The API does not support the saved metric for this"})
NAMELESS = GraphError({"code": 100, "message": "(#100) An unknown error has occurred."})
ACCIDENT = GraphError({"code": 1, "message": "An unknown error occurred"})


def about(
    node: str, account: str = "A", kind: str = "REELS", *, is_rare: bool = False
) -> InsightsCall:
    return InsightsCall(node, account_id=account, metrics=METRICS, kind=kind, is_rare=is_rare)


def refused(*calls: InsightsCall) -> UnsupportedMetrics:
    unsupported = UnsupportedMetrics()
    for call in calls:
        unsupported.add(call, ("saved",), NAMED)
    return unsupported


def reaches(unsupported: UnsupportedMetrics, call: InsightsCall) -> bool:
    return unsupported.error_for(call, "saved") is not None


@pytest.mark.parametrize(
    ("kind", "level"),
    [("REELS", "WARNING"), ("FEED VIDEO", "INFO"), ("FEED VIDEO by action_type", "INFO")],
)
def test_a_refusal_is_a_warning_unless_old_videos_lack_the_metric(
    caplog: pytest.LogCaptureFixture, kind: str, level: str
) -> None:
    caplog.set_level("INFO")
    refused(about("1", kind=kind), about("2", kind=kind))
    assert [record.levelname for record in caplog.records] == [level]


def test_one_refusal_is_about_its_object_only() -> None:
    unsupported = refused(about("1"))
    assert reaches(unsupported, about("1"))
    assert not reaches(unsupported, about("2"))
    assert not reaches(unsupported, about("1", kind="STORY"))


def test_three_objects_of_an_account_speak_for_the_account() -> None:
    unsupported = refused(about("1"), about("2"), about("2"))
    assert not reaches(unsupported, about("9"))
    unsupported.add(about("3"), ("saved",), NAMED)
    assert reaches(unsupported, about("9"))
    assert not reaches(unsupported, about("9", "B"))


def test_three_objects_of_two_accounts_speak_for_all() -> None:
    assert reaches(refused(about("1"), about("2"), about("3", "B")), about("9", "C"))


@pytest.mark.parametrize("account", ["A", "C"])
def test_what_was_given_to_one_may_be_given_to_others(account: str) -> None:
    unsupported = refused(about("1"), about("2"), about("3", "B"))
    unsupported.note_given(about("8", account), ["saved"])
    assert not reaches(unsupported, about("9", account))
    assert not reaches(unsupported, about("9", "D"))


def test_a_refusal_of_a_rare_metric_is_not_remembered() -> None:
    calls = [about(str(number), is_rare=True) for number in range(9)]
    assert not reaches(refused(*calls), about("9", is_rare=True))
    assert not refused(*calls).items()


def test_the_latest_moment_before_which_meta_has_no_figures_counts_for_the_kind() -> None:
    unsupported = UnsupportedMetrics()
    for moment in (100, 300, 200):
        unsupported.note_earliest(about("1"), moment)
    assert unsupported.earliest(about("2", "B")) == 300
    assert unsupported.earliest(about("1", kind="STORY")) == 0


class Meta:
    """Answers calls; it refuses, without naming them, some metrics, or fails at all calls."""

    def __init__(self, lacking: Collection[str], error: GraphError = NAMELESS) -> None:
        self.lacking, self.error, self.asked = lacking, error, list[tuple[str, ...]]()
        self.fails = False

    def __call__(self, calls: Sequence[Call]) -> list[Result]:
        return [self.send(call) for call in calls if isinstance(call, InsightsCall)]

    def send(self, call: InsightsCall) -> Result:
        self.asked.append(call.metrics)
        if self.fails or {*call.metrics} & {*self.lacking}:
            return Result(call, error=self.error)
        return Result(call, {"data": [{"name": metric} for metric in call.metrics]})


@pytest.mark.parametrize("lacking", [{"saved"}, {"reach", "shares"}])
def test_each_metric_is_asked_for_alone_once_and_the_others_are_given(lacking: set[str]) -> None:
    unsupported, meta = UnsupportedMetrics(), Meta(lacking)
    search = MetricSearch(unsupported)
    first = search.isolate(meta.send(about("1")), meta)
    assert {item["name"] for item in first.nodes} == {*METRICS} - lacking
    assert isinstance(first.call, InsightsCall)
    assert first.call.refused.keys() == lacking
    assert all(error.rule is METRIC_REFUSED for error in first.call.refused.values())
    assert meta.asked[1:] == [(metric,) for metric in METRICS]
    meta.asked.clear()
    second = search.isolate(meta.send(about("2")), meta)
    assert {item["name"] for item in second.nodes} == {*METRICS} - lacking
    assert len(meta.asked) == 1 + len(lacking) + 1


def test_a_second_metric_is_found_beside_a_suspect() -> None:
    unsupported, meta = refused(about("1")), Meta({"likes"})
    answer = MetricSearch(unsupported).isolate(meta.send(about("2")), meta)
    assert {item["name"] for item in answer.nodes} == {*METRICS} - {"likes"}


def test_an_outage_is_no_refusal_and_is_not_searched_for_ever() -> None:
    unsupported, meta = UnsupportedMetrics(), Meta((), ACCIDENT)
    meta.fails = True
    for number in range(5):
        call = about(str(number))
        answer = MetricSearch(unsupported).isolate(meta.send(call), meta)
        assert answer.error is ACCIDENT
        assert not reaches(unsupported, call)
    assert len(meta.asked) == 5 + 3 * len(METRICS)


def test_a_rare_metric_that_is_lacked_is_no_error() -> None:
    unsupported = UnsupportedMetrics()
    rare = replace(about("1"), metrics=("facebook_views",), is_rare=True)
    answer = MetricSearch(unsupported).isolate(Result(rare, error=NAMELESS), Meta(()))
    assert answer.error is None
    assert isinstance(answer.call, InsightsCall)
    assert (answer.call.metrics, [*answer.call.refused]) == ((), ["facebook_views"])
    denied = GraphError({"code": 10, "message": "no permission"})
    kept = MetricSearch(unsupported).isolate(Result(rare, error=denied), Meta(()))
    assert kept.error is denied


def test_a_few_calls_of_each_kind_and_account_go_first_once() -> None:
    probes = ProbeCalls()
    calls: list[Call] = [about(str(number)) for number in range(7)]
    calls += [about(str(number), "B") for number in range(6)]
    calls += [Call("me")]
    first, waiting = probes.choose(calls)
    assert (first, waiting) == ([0, 1, 2], [3, 4, 5, 6])
    assert probes.choose(calls) == ([], [])
