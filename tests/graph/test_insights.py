"""What is read out of the answers of insights edges, and what is never read into them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tap_instagram_business.graph.insights import (
    Split,
    is_readable,
    read_series,
    read_splits,
    read_time,
    read_values,
)

UTC = dt.timezone.utc


def answer(**metrics: dict[str, Any]) -> dict[str, Any]:
    """An answer as Meta sends it, with the content of each metric."""
    return {"data": [{"name": name, **content} for name, content in metrics.items()]}


# Times


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-10-01T12:34:56+0000", dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
        ("2026-10-01T00:00:00-0700", dt.datetime(2026, 10, 1, 7, tzinfo=UTC)),
        ("2026-10-01T00:00:00-07:00", dt.datetime(2026, 10, 1, 7, tzinfo=UTC)),
        ("2026-10-01T12:34:56.789+0000", dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
        ("2026-10-01T12:34:56Z", dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
        (1790858096, dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_with_its_offset(written: object, moment: dt.datetime) -> None:
    assert read_time(written) == moment


@pytest.mark.parametrize("written", ["", "2026-10-01", "2026-10-01T12:34:56", "1790858096"])
def test_a_time_without_an_offset_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no moment"):
        read_time(written)


# One value


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ({"values": [{"value": 7}]}, 7),
        ({"total_value": {"value": 7}}, 7),
        ({"total_value": {"value": 7}, "values": [{"value": 5}]}, 7),
        ({"values": [{"value": 7}], "total_value": None}, 7),
        ({"values": [{"value": 7}, {"value": 8}]}, 7),
        ({"values": [{"value": 7.25}]}, 7.25),
        ({"values": [{"value": 0}]}, 0),
        ({"total_value": {"value": 0}}, 0),
    ],
)
def test_the_value_of_a_metric_is_found_where_meta_puts_it(
    content: dict[str, Any], value: float
) -> None:
    assert read_values(answer(reach=content)) == {"reach": value}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"values": []},
        {"values": None},
        {"values": [{}]},
        {"values": [{"value": None}]},
        {"values": [{"value": "7"}]},
        {"values": [{"value": {"0": 7}}]},
        {"total_value": {}},
        {"total_value": {"value": None}},
        {"total_value": {"breakdowns": [{"dimension_keys": ["city"], "results": []}]}},
    ],
)
def test_a_metric_without_a_value_is_left_out_and_not_read_as_zero(content: dict[str, Any]) -> None:
    assert read_values(answer(reach=content, views={"values": [{"value": 7}]})) == {"views": 7}


def test_an_answer_without_metrics_has_no_values() -> None:
    assert read_values({"data": []}) == {}


# Series

FIRST, SECOND = "2026-10-01T07:00:00+0000", "2026-10-02T07:00:00+0000"


def test_a_series_keeps_its_order_and_its_zeros() -> None:
    reach = [{"value": 0, "end_time": SECOND}, {"value": 3, "end_time": FIRST}]
    online = [{"value": {"0": 5, "23": 1}, "end_time": FIRST}, {"value": {}, "end_time": SECOND}]
    assert read_series(answer(reach={"values": reach}, online={"values": online})) == {
        "reach": [(read_time(SECOND), 0), (read_time(FIRST), 3)],
        "online": [(read_time(FIRST), {"0": 5, "23": 1}), (read_time(SECOND), {})],
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
    assert read_series(answer(reach={"values": buckets})) == {"reach": [(read_time(FIRST), 3)]}


@pytest.mark.parametrize("content", [{}, {"values": None}, {"values": []}])
def test_a_metric_without_buckets_has_an_empty_series(content: dict[str, Any]) -> None:
    assert read_series(answer(reach=content)) == {"reach": []}


# Breakdowns


def split_by(*dimensions: str, **results: int) -> dict[str, Any]:
    """A metric that is split; a part of two dimensions is written `one__two`."""
    parts = [{"dimension_values": name.split("__"), "value": n} for name, n in results.items()]
    return {"total_value": {"breakdowns": [{"dimension_keys": list(dimensions), "results": parts}]}}


def test_parts_are_read_by_their_values_of_the_dimensions() -> None:
    content = split_by("age", "gender", young__F=3, young__M=0)
    assert read_splits(answer(follower_demographics=content)) == {
        "follower_demographics": Split(
            dimensions=("age", "gender"), parts={("young", "F"): 3, ("young", "M"): 0}
        )
    }


def test_a_split_without_parts_is_told_from_no_split() -> None:
    metrics = answer(
        reach=split_by("follow_type"),
        views={"total_value": {"breakdowns": [{"dimension_keys": ["follow_type"]}]}},
        likes={"total_value": {"value": 3}},
        saves={"total_value": {"breakdowns": None}},
        shares={"values": [{"value": 3}]},
    )
    empty = Split(dimensions=("follow_type",), parts={})
    assert read_splits(metrics) == {"reach": empty, "views": empty}


# What can be read at all


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        answer(reach={}),
        answer(reach={"values": [{"value": 7, "end_time": FIRST}]}),
        answer(reach={"total_value": {"value": 7}, "period": "day", "title": "Reach", "id": "1"}),
        answer(reach=split_by("city", London=1)),
    ],
)
def test_answers_of_the_documented_shapes_are_readable(body: dict[str, Any]) -> None:
    assert is_readable(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": [None]},
        {"data": ["reach"]},
        {"data": [{"values": [{"value": 7}]}]},
        answer(reach={"values": [7]}),
        answer(reach={"values": 7}),
        answer(reach={"total_value": 7}),
        answer(reach={"values": [{"value": 7, "end_time": "yesterday"}]}),
        answer(reach={"values": [{"value": 7, "end_time": ["2026"]}]}),
        answer(reach={"total_value": {"breakdowns": [7]}}),
        answer(reach={"total_value": {"breakdowns": [{"results": [{"value": 7}]}]}}),
        answer(reach={"total_value": {"breakdowns": [{"results": [{"dimension_values": ["F"]}]}]}}),
    ],
)
def test_answers_of_another_shape_are_not(body: dict[str, Any]) -> None:
    assert not is_readable(body)
