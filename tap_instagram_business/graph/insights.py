"""How the answers of insights edges are read (Graph API: IG User insights, IG Media insights).

A figure is in `values`, or in `total_value`, or split in `total_value.breakdowns`. If Meta has no
figure, the metric is missing or empty. A figure is read as zero only if Meta says that it is zero.

Each item of an answer is judged by itself: what has another shape than expected is left out, the
rest is read, and `unreadable_metrics` tells which metrics are concerned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tap_instagram_business.metrics import ONLINE_FOLLOWERS, WHOLE_METRICS
from tap_instagram_business.values import (
    Number,
    read_number,
    read_text,
    read_time,
    read_whole_number,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

Parts: TypeAlias = "dict[tuple[str, ...], Number]"
"""The figure of each part of a split, by its values of the dimensions; Meta leaves out zeros."""
Bucket: TypeAlias = "tuple[dt.datetime, Any]"
"""`end_time` and content: a number, or a number for each hour of the day."""

_SPLITS = "breakdowns"
TIMEFRAME = "timeframe"
"""A dimension that demographics have besides, with one value, the time that was asked for."""
UNKNOWN = "UNKNOWN"
"""The part of a split about which Meta knows nothing more."""


def _metrics(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name and the content of each metric of an answer."""
    for item in _list(answer.get("data")):
        if isinstance(item, dict) and (name := read_text(item.get("name"))):
            yield name, item


def _list(content: object) -> list[Any]:
    return content if isinstance(content, list) else []


def _object(content: object) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}


def metric_names(answer: Mapping[str, Any]) -> set[str]:
    """Return the names of the metrics that an answer holds."""
    return {name for name, _ in _metrics(answer)}


def read_values(answer: Mapping[str, Any]) -> dict[str, Number]:
    """Return the value of each metric that has a single value."""
    found = ((name, _figure(name, _value(item))) for name, item in _metrics(answer))
    return {name: value for name, value in found if value is not None}


def _figure(metric: str, value: object) -> Number | None:
    return read_whole_number(value) if metric in WHOLE_METRICS else read_number(value)


def _value(item: Mapping[str, Any]) -> object:
    """Return the single value of a metric as Meta gave it; None if there is none."""
    total = item.get("total_value")
    if isinstance(total, dict):
        if "value" in total or _SPLITS in total:
            return total.get("value")
    elif total is not None:
        return [total]
    values = item.get("values")
    first = values[0] if isinstance(values, list) and values else values or None
    return first.get("value") if isinstance(first, dict) else first and [first]


def read_series(answer: Mapping[str, Any]) -> dict[str, list[Bucket]]:
    """Return the buckets of each metric that have a moment and a content that can be read."""
    series: dict[str, list[Bucket]] = {}
    for name, item in _metrics(answer):
        found = (_bucket(name, bucket) for bucket in _list(item.get("values")))
        series.setdefault(name, []).extend(bucket for bucket in found if bucket)
    return series


def _bucket(metric: str, bucket: object) -> Bucket | None:
    moment = read_time(_object(bucket).get("end_time"))
    content = _object(bucket).get("value")
    if metric == ONLINE_FOLLOWERS:
        content = _by_hour(content) if isinstance(content, dict) else None
    else:
        content = _figure(metric, content)
    return None if moment is None or content is None else (moment, content)


def _by_hour(content: Mapping[str, Any]) -> dict[str, Number]:
    hours = {hour: _figure(ONLINE_FOLLOWERS, value) for hour, value in content.items()}
    return {hour: value for hour, value in hours.items() if value is not None}


def read_splits(answer: Mapping[str, Any], breakdown: str) -> dict[str, Parts]:
    """Return the parts of each metric that Meta has split.

    A split without parts is in it only if Meta says that the figure of the metric is zero:
    otherwise it is not known what the parts are.

    Args:
        answer: the answer.
        breakdown: the dimensions that were asked for, joined by commas. The parts have their values
            in this order.
    """
    asked = breakdown.split(",")
    splits: dict[str, Parts] = {}
    for name, item in _metrics(answer):
        for split in _list(_object(item.get("total_value")).get(_SPLITS)):
            if keys := _keys(split, asked):
                parts = splits.setdefault(name, {})
                found = (_part(name, result, keys, asked) for result in _list(split.get("results")))
                parts |= dict(part for part in found if part)
    values = read_values(answer)
    return {name: parts for name, parts in splits.items() if parts or values.get(name) == 0}


def _keys(split: object, asked: list[str]) -> list[str] | None:
    """Return the dimensions of a split; None if they are others than those asked for."""
    if not isinstance(split, dict):
        return None
    keys = split.get("dimension_keys")
    if not keys:
        return asked
    given = [str(key).lower() for key in _list(keys)]
    if sorted({*given} - {TIMEFRAME}) != sorted(asked) or len(given) != len({*given}):
        return None
    return given


def _part(
    metric: str, result: object, keys: list[str], asked: list[str]
) -> tuple[tuple[str, ...], Number] | None:
    """Return the values of the asked dimensions and the figure of a part; None if it has none."""
    value = _figure(metric, _object(result).get("value"))
    given = _list(_object(result).get("dimension_values"))
    # A part without a name cannot be told from others: it has no key.
    names = [read_text(name) or None for name in given]
    if value is None or len(names) != len(keys) or None in names:
        return None
    return tuple(str(names[keys.index(name)]) for name in asked), value


def read_parts(
    answer: Mapping[str, Any], metric: str, breakdown: str, names: Iterable[str]
) -> dict[str, Number]:
    """Return the figures of the parts of a metric that is split by one dimension.

    Meta leaves out a part of zero, so a part that is missing is zero, but only if the split has
    other parts, and all of them can be read and are known. Otherwise it is not known what is
    missing.

    Args:
        answer: the answer.
        metric: the metric.
        breakdown: the dimension.
        names: all parts that Meta has, in capital letters.
    """
    parts = read_splits(answer, breakdown).get(metric, {})
    given = {name.upper(): value for (name,), value in parts.items()}
    known = {*names}
    is_whole = metric not in unreadable_metrics(answer, breakdown)
    if given and is_whole and given.keys() <= {*known, UNKNOWN}:
        return {**dict.fromkeys(known, 0), **given}
    return {name: value for name, value in given.items() if name in known}


def unreadable_metrics(answer: Mapping[str, Any], breakdown: str = "") -> set[str]:
    """Return the metrics for which Meta gave something that cannot be read, or not completely.

    Args:
        answer: the answer.
        breakdown: the dimensions that were asked for, joined by commas; '' for none.
    """
    asked = breakdown.split(",") if breakdown else []
    return {name for name, item in _metrics(answer) if _is_unreadable(name, item, asked)}


def _is_unreadable(name: str, item: Mapping[str, Any], asked: list[str]) -> bool:
    if asked:
        return _has_unreadable_part(name, item.get("total_value"), asked)
    values = item.get("values")
    if isinstance(values, list) and any("end_time" in _object(bucket) for bucket in values):
        return any(_is_unreadable_bucket(name, bucket) for bucket in values)
    value = _value(item)
    return value is not None and _figure(name, value) is None


def _is_unreadable_bucket(name: str, bucket: object) -> bool:
    if not isinstance(bucket, dict):
        return True
    content = bucket.get("value")
    if content is None:
        return False
    read = _bucket(name, bucket)
    return read is None or (isinstance(content, dict) and len(read[1]) < len(content))


def _has_unreadable_part(name: str, total: object, asked: list[str]) -> bool:
    if total is None:
        return False
    splits = _object(total).get(_SPLITS)
    if not isinstance(total, dict) or not isinstance(splits, (list, type(None))):
        return True
    return any(_is_unreadable_split(name, split, asked) for split in splits or ())


def _is_unreadable_split(name: str, split: object, asked: list[str]) -> bool:
    keys = _keys(split, asked)
    results = _object(split).get("results")
    if keys is None or not isinstance(results, (list, type(None))):
        return True
    return any(_part(name, result, keys, asked) is None for result in results or ())
