"""What is read out of the answers of insights edges, and what is never read into them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tap_instagram_business.graph.insights import Insights


def answer(**metrics: dict[str, Any]) -> dict[str, Any]:
    """An answer as Meta sends it, with the content of each metric."""
    return {"data": [{"name": name, **content} for name, content in metrics.items()]}


def moment(written: str) -> dt.datetime:
    return dt.datetime.strptime(written, "%Y-%m-%dT%H:%M:%S%z")


# One value


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ({"values": [{"value": 7}]}, 7),
        ({"total_value": {"value": 7}}, 7),
        ({"total_value": {"value": 7}, "values": [{"value": 5}]}, 7),
        ({"values": [{"value": 7}], "total_value": None}, 7),
        ({"values": [{"value": 7}, {"value": 8}]}, 7),
        ({"values": [{"value": 7.0}]}, 7),
        ({"values": [{"value": "7"}]}, 7),
        ({"values": [{"value": 0}]}, 0),
        ({"total_value": {"value": 0}}, 0),
    ],
)
def test_the_value_of_a_metric_is_found_where_meta_puts_it(
    content: dict[str, Any], value: float
) -> None:
    assert Insights(answer(reach=content)).values == {"reach": value}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"values": []},
        {"values": None},
        {"values": [{}]},
        {"values": [{"value": None}]},
        {"values": [{"value": "seven"}]},
        {"values": [{"value": 7.25}]},
        {"values": [{"value": True}]},
        {"values": [{"value": {"0": 7}}]},
        {"values": [7]},
        {"values": 7},
        {"total_value": 7},
        {"total_value": {}},
        {"total_value": {"value": None}},
        {"total_value": {"breakdowns": [{"dimension_keys": ["city"], "results": []}]}},
    ],
)
def test_a_metric_without_a_value_is_left_out_and_not_read_as_zero(content: dict[str, Any]) -> None:
    assert Insights(answer(reach=content, views={"values": [{"value": 7}]})).values == {"views": 7}


def test_a_metric_without_a_name_is_none() -> None:
    nameless = {"name": "", "values": [{"value": 7}], "total_value": split_by("gender", F=1)}
    assert Insights({"data": [nameless]}).values == {}
    assert Insights({"data": [nameless]}, "gender").splits == {}


def test_an_answer_without_metrics_has_no_values() -> None:
    assert Insights({"data": []}).values == {}


# Series

FIRST, SECOND = "2026-10-01T07:00:00+0000", "2026-10-02T07:00:00+0000"


def test_a_series_keeps_its_order_and_its_zeros() -> None:
    reach = [{"value": 0, "end_time": SECOND}, {"value": 3, "end_time": FIRST}]
    online = [{"value": {"0": 5, "23": 1}, "end_time": FIRST}, {"value": {}, "end_time": SECOND}]
    assert Insights(
        answer(reach={"values": reach}, online_followers={"values": online})
    ).series == {
        "reach": [(moment(SECOND), 0), (moment(FIRST), 3)],
        "online_followers": [(moment(FIRST), {"0": 5, "23": 1}), (moment(SECOND), {})],
    }


@pytest.mark.parametrize(
    "bucket",
    [
        {"end_time": SECOND},
        {"end_time": SECOND, "value": None},
        {"value": 9},
        {"value": 9, "end_time": ""},
    ],
)
def test_a_bucket_without_a_value_or_a_time_is_left_out(bucket: dict[str, Any]) -> None:
    buckets = [bucket, {"value": 3, "end_time": FIRST}]
    assert Insights(answer(reach={"values": buckets})).series == {"reach": [(moment(FIRST), 3)]}


@pytest.mark.parametrize("content", [7, "7", [7], None])
def test_a_day_without_hours_is_left_out(content: object) -> None:
    buckets = [{"value": content, "end_time": FIRST}, {"value": {"0": 5}, "end_time": SECOND}]
    series = answer(online_followers={"values": buckets})
    assert Insights(series).series == {"online_followers": [(moment(SECOND), {"0": 5})]}
    assert bool(Insights(series).unreadable) == (content is not None)


@pytest.mark.parametrize("content", [{}, {"values": None}, {"values": []}])
def test_a_metric_without_buckets_has_an_empty_series(content: dict[str, Any]) -> None:
    assert Insights(answer(reach=content)).series == {"reach": []}


# Breakdowns


def split_by(*dimensions: str, **results: int) -> dict[str, Any]:
    """A metric that is split; a part of two dimensions is written `one__two`."""
    parts = [{"dimension_values": name.split("__"), "value": n} for name, n in results.items()]
    return {"total_value": {"breakdowns": [{"dimension_keys": list(dimensions), "results": parts}]}}


def test_parts_are_read_by_their_values_of_the_dimensions() -> None:
    content = split_by("age", "gender", young__F=3, young__M=0)
    assert Insights(answer(follower_demographics=content), "age,gender").splits == {
        "follower_demographics": {("young", "F"): 3, ("young", "M"): 0}
    }


def test_parts_have_the_order_of_the_dimensions_that_were_asked_for() -> None:
    content = split_by("GENDER", "age", F__young=3)
    assert Insights(answer(reach=content), "age,gender").splits == {"reach": {("young", "F"): 3}}


def test_a_split_without_parts_is_one_only_where_the_figure_is_zero() -> None:
    nothing = split_by("follow_type")["total_value"]
    metrics = answer(
        reach={"total_value": nothing},
        shares={"total_value": {**nothing, "value": 0}},
        views={"total_value": {"breakdowns": [{"dimension_keys": ["follow_type"]}], "value": 3}},
        likes={"total_value": {"value": 3}},
        saves={"total_value": {"breakdowns": None}},
        comments={"values": [{"value": 3}]},
    )
    assert Insights(metrics, "follow_type").splits == {"shares": {}}


@pytest.mark.parametrize("breakdown", ["follow_type", "follow_type,media_product_type"])
def test_a_split_by_other_dimensions_is_none(breakdown: str) -> None:
    content = answer(reach=split_by("media_product_type", REEL=3))
    assert Insights(content, breakdown).splits == {}
    assert Insights(content, breakdown).unreadable == {"reach"}


@pytest.mark.parametrize(
    ("parts", "figures"),
    [
        ({"FOLLOWER": 3, "NON_FOLLOWER": 2}, {"FOLLOWER": 3, "NON_FOLLOWER": 2}),
        ({"follower": 3}, {"FOLLOWER": 3, "NON_FOLLOWER": 0}),
        ({"FOLLOWER": 3, "UNKNOWN": 1}, {"FOLLOWER": 3, "NON_FOLLOWER": 0, "UNKNOWN": 1}),
        ({"FOLLOWER": 3, "SUPER_FOLLOWER": 1}, {"FOLLOWER": 3}),
        ({"SUPER_FOLLOWER": 1}, {}),
        ({}, {}),
    ],
)
def test_a_part_is_zero_only_beside_parts_that_are_all_known(
    parts: dict[str, int], figures: dict[str, int]
) -> None:
    whole = answer(reach=split_by("follow_type", **parts))
    assert Insights(whole, "follow_type").parts("reach", ("FOLLOWER", "NON_FOLLOWER")) == figures
    whole["data"][0]["total_value"]["breakdowns"][0]["results"].append(None)
    given = {name: n for name, n in figures.items() if name in {part.upper() for part in parts}}
    given.pop("UNKNOWN", None)
    assert Insights(whole, "follow_type").parts("reach", ("FOLLOWER", "NON_FOLLOWER")) == given


# What cannot be read


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"values": None},
        {"values": [{"value": 7, "end_time": FIRST}]},
        {"values": [{"value": None, "end_time": FIRST}]},
        {"total_value": {"value": 7}, "period": "day", "title": "Reach", "id": "1"},
    ],
)
def test_an_answer_of_a_documented_shape_is_readable(content: dict[str, Any]) -> None:
    assert Insights(answer(reach=content)).unreadable == set()


@pytest.mark.parametrize(
    "content",
    [
        {"values": [7]},
        {"values": 7},
        {"total_value": 7},
        {"total_value": {"value": "seven"}},
        {"values": [{"value": 7, "end_time": "yesterday"}]},
        {"values": [{"value": 7, "end_time": ["2026"]}, {"value": 7, "end_time": FIRST}]},
        {"values": [{"value": [7], "end_time": FIRST}]},
        {"values": [{"value": {"value": 7}, "end_time": FIRST}]},
    ],
)
def test_what_has_another_shape_is_told_and_costs_nothing_else(content: dict[str, Any]) -> None:
    whole = answer(reach=content, views={"total_value": {"value": 7}})
    whole["data"] += [None, "reach", {"values": [{"value": 7}]}, {"name": 7}]
    assert Insights(whole).unreadable == {"reach"}
    assert Insights(whole).values["views"] == 7


@pytest.mark.parametrize(
    "total",
    [
        7,
        {"breakdowns": 7},
        {"breakdowns": [7]},
        {"breakdowns": [{"results": 7}]},
        {"breakdowns": [{"results": [{"value": 7}]}]},
        {"breakdowns": [{"results": [{"dimension_values": ["F"]}]}]},
        {"breakdowns": [{"results": [{"dimension_values": ["F", "M"], "value": 7}]}]},
        {"breakdowns": [{"results": [{"dimension_values": [7], "value": 7}]}]},
        {"breakdowns": [{"results": [{"dimension_values": [""], "value": 7}]}]},
    ],
)
def test_a_part_of_another_shape_is_told(total: object) -> None:
    whole = answer(reach={"total_value": total}, views=split_by("gender", F=1))
    assert Insights(whole, "gender").unreadable == {"reach"}
    assert Insights(whole, "gender").splits == {"views": {("F",): 1}}
