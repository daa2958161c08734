"""What is read out of Meta's usage headers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_instagram_business.graph.rate_limits import Usage, read_usage


def case(**figures: float) -> dict[str, str]:
    """The header of an account's usage."""
    return {"X-Business-Use-Case-Usage": json.dumps({"1784": [{"type": "instagram", **figures}]})}


def test_the_highest_of_all_figures_counts() -> None:
    headers = case(call_count=3, total_cputime=41, total_time=7)
    headers["X-App-Usage"] = json.dumps({"call_count": 12, "total_time": 2, "total_cputime": 0})
    usage = read_usage(headers)
    assert (usage.account, usage.app, usage.percent) == (41, 12, 41)


def test_the_quota_of_ads_counts_only_where_there_is_none_of_instagram() -> None:
    ads = {"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 30}
    own = {"type": "instagram", "call_count": 7, "estimated_time_to_regain_access": 0}
    usage = read_usage({"X-Business-Use-Case-Usage": json.dumps({"9": [ads, own], "1784": [own]})})
    assert (usage.account, usage.regain_minutes) == (7, 0)
    usage = read_usage({"X-Business-Use-Case-Usage": json.dumps({"9": [ads]})})
    assert (usage.account, usage.regain_minutes) == (100, 30)


@pytest.mark.parametrize("header", ["", "no JSON", "[1]", '{"1": "x"}', '{"1": [null]}', "null"])
def test_a_header_of_accounts_that_cannot_be_read_says_nothing(header: str) -> None:
    usage = read_usage({"X-Business-Use-Case-Usage": header})
    assert (usage.app, usage.account, usage.regain_minutes) == (None, None, 0)


@pytest.mark.parametrize("header", ["", "no JSON", "[1]", "null", "{}"])
def test_a_header_of_the_app_that_cannot_be_read_says_nothing(header: str) -> None:
    assert read_usage({"X-App-Usage": header}) == Usage()


def test_zero_percent_is_not_the_same_as_no_information() -> None:
    usage = read_usage({"X-App-Usage": '{"call_count": 0, "total_time": 0, "total_cputime": 0}'})
    assert (usage.app, usage.account, usage.percent) == (0, None, 0)
    usage = read_usage(case(call_count=0, total_cputime=0, total_time=0))
    assert (usage.app, usage.account, usage.percent) == (None, 0, 0)
    assert read_usage({}) == Usage()


def test_the_longest_time_to_regain_access_counts() -> None:
    headers = {"X-App-Usage": json.dumps({"call_count": 1, "estimated_time_to_regain_access": 4})}
    assert read_usage(headers).regain_minutes == 4
    headers |= case(call_count=100, estimated_time_to_regain_access=9)
    assert read_usage(headers).regain_minutes == 9


@pytest.mark.parametrize("figure", ["41", None, [41], {"percent": 41}])
def test_a_figure_that_is_no_number_does_not_hide_the_others(figure: Any) -> None:
    assert read_usage(case(call_count=figure, total_time=7)).account == 7
