"""How the answers of insights edges are read (Graph API: IG User insights, IG Media insights).

A figure is in `values`, or in `total_value`, or split in `total_value.breakdowns`. If Meta has no
figure, the metric is missing or empty. A figure is read as zero only if Meta says that it is zero.

Each item of an answer is judged by itself: what has another shape than expected is left out, the
rest is read, and `Insights.unreadable` tells which metrics are concerned.
"""

from __future__ import annotations

import functools
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_instagram_business.graph.bodies import as_list, as_object
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
    from collections.abc import Iterable, Mapping

Parts: TypeAlias = "dict[tuple[str, ...], Number]"
"""The figure of each part of a split, by its values of the dimensions; Meta leaves out zeros."""
Bucket: TypeAlias = "tuple[dt.datetime, Any]"
"""`end_time` and content: a number, or a number for each hour of the day."""

_SPLITS = "breakdowns"
TIMEFRAME = "timeframe"
"""A dimension that demographics have besides, with one value, the time that was asked for."""
UNKNOWN = "UNKNOWN"
"""The part of a split about which Meta knows nothing more."""


class Insights:
    """What one answer of an insights edge holds. Everything is read once, when it is needed."""

    def __init__(self, answer: Mapping[str, Any], breakdown: str = "") -> None:
        """Take an answer.

        Args:
            answer: Meta's answer.
            breakdown: the dimensions that were asked for, joined by commas; '' for none.
        """
        self._metrics = [
            (name, item)
            for item in as_list(answer.get("data"))
            if isinstance(item, dict) and (name := read_text(item.get("name")))
        ]
        self._asked = breakdown.split(",") if breakdown else []

    @property
    def names(self) -> set[str]:
        """The metrics that the answer holds."""
        return {name for name, _ in self._metrics}

    @functools.cached_property
    def values(self) -> dict[str, Number]:
        """The value of each metric that has a single value."""
        found = ((name, _figure(name, _value(item))) for name, item in self._metrics)
        return {name: value for name, value in found if value is not None}

    @functools.cached_property
    def series(self) -> dict[str, list[Bucket]]:
        """The buckets of each metric that have a moment and a content that can be read."""
        series: dict[str, list[Bucket]] = {}
        for name, item in self._metrics:
            found = (_bucket(name, bucket) for bucket in as_list(item.get("values")))
            series.setdefault(name, []).extend(bucket for bucket in found if bucket)
        return series

    @functools.cached_property
    def splits(self) -> dict[str, Parts]:
        """The parts of each metric that Meta has split, by their values of the asked dimensions.

        A split without parts is in it only if Meta says that the figure of the metric is zero:
        otherwise it is not known what the parts are.
        """
        splits: dict[str, Parts] = {}
        for name, parts, _ in self._read_splits:
            if parts is not None:
                splits.setdefault(name, {}).update(parts)
        values = self.values
        return {name: parts for name, parts in splits.items() if parts or values.get(name) == 0}

    @functools.cached_property
    def unreadable(self) -> set[str]:
        """The metrics for which Meta gave something that cannot be read, or not completely."""
        if not self._asked:
            return {name for name, item in self._metrics if _is_unreadable(name, item)}
        shapeless = {name for name, item in self._metrics if not _may_have_splits(item)}
        return shapeless | {name for name, _, is_whole in self._read_splits if not is_whole}

    @functools.cached_property
    def _read_splits(self) -> list[tuple[str, Parts | None, bool]]:
        """The metric and the parts of each split, and whether all of the split could be read."""
        return [
            (name, *_read_split(name, split, self._asked))
            for name, item in (self._metrics if self._asked else ())
            for split in as_list(as_object(item.get("total_value")).get(_SPLITS))
        ]

    def parts(self, metric: str, names: Iterable[str]) -> dict[str, Number]:
        """Return the figures of the parts of a metric that is split by one dimension.

        Meta leaves out a part of zero, so a part that is missing is zero, but only if the split has
        other parts, and all of them can be read and are known. Otherwise it is not known what is
        missing.

        Args:
            metric: the metric.
            names: all parts that Meta has, in capital letters.
        """
        parts = self.splits.get(metric, {})
        given = {name.upper(): value for (name,), value in parts.items()}
        known = {*names}
        is_whole = metric not in self.unreadable
        if given and is_whole and given.keys() <= {*known, UNKNOWN}:
            return {**dict.fromkeys(known, 0), **given}
        return {name: value for name, value in given.items() if name in known}


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


def _is_unreadable(name: str, item: Mapping[str, Any]) -> bool:
    values = item.get("values")
    if isinstance(values, list) and any("end_time" in as_object(bucket) for bucket in values):
        return any(_is_unreadable_bucket(name, bucket) for bucket in values)
    value = _value(item)
    return value is not None and _figure(name, value) is None


def _bucket(metric: str, bucket: object) -> Bucket | None:
    moment = read_time(as_object(bucket).get("end_time"))
    content = as_object(bucket).get("value")
    if metric == ONLINE_FOLLOWERS:
        content = _by_hour(content) if isinstance(content, dict) else None
    else:
        content = _figure(metric, content)
    return None if moment is None or content is None else (moment, content)


def _by_hour(content: Mapping[str, Any]) -> dict[str, Number]:
    hours = {hour: _figure(ONLINE_FOLLOWERS, value) for hour, value in content.items()}
    return {hour: value for hour, value in hours.items() if value is not None}


def _is_unreadable_bucket(name: str, bucket: object) -> bool:
    if not isinstance(bucket, dict):
        return True
    content = bucket.get("value")
    if content is None:
        return False
    read = _bucket(name, bucket)
    return read is None or (isinstance(content, dict) and len(read[1]) < len(content))


def _may_have_splits(item: Mapping[str, Any]) -> bool:
    """Return whether what Meta gave for a metric has the shape of one that may be split."""
    total = item.get("total_value")
    is_object = isinstance(total, dict) and isinstance(total.get(_SPLITS), (list, NoneType))
    return total is None or is_object


def _read_split(metric: str, split: object, asked: list[str]) -> tuple[Parts | None, bool]:
    """Return the parts of a split, None if it is not the asked one, and whether it is all read."""
    keys = _keys(split, asked)
    if keys is None:
        return None, False
    results = as_object(split).get("results")
    order = [keys.index(name) for name in asked]
    found = [_part(metric, result, order, len(keys)) for result in as_list(results)]
    parts = dict(part for part in found if part)
    return parts, isinstance(results, (list, NoneType)) and None not in found


def _keys(split: object, asked: list[str]) -> list[str] | None:
    """Return the dimensions of a split; None if they are others than those asked for."""
    if not isinstance(split, dict):
        return None
    keys = split.get("dimension_keys")
    if not keys:
        return asked
    given = [str(key).lower() for key in as_list(keys)]
    if sorted({*given} - {TIMEFRAME}) != sorted(asked) or len(given) != len({*given}):
        return None
    return given


def _part(
    metric: str, result: object, order: list[int], number: int
) -> tuple[tuple[str, ...], Number] | None:
    """Return the values of the asked dimensions and the figure of a part; None if it has none.

    Args:
        metric: Meta's name.
        result: what Meta gave for the part.
        order: where the value of each asked dimension stands among all dimensions of the split.
        number: how many dimensions the split has.
    """
    if not isinstance(result, dict):
        return None
    value = _figure(metric, result.get("value"))
    names = [read_text(name) for name in as_list(result.get("dimension_values"))]
    # A part without a name cannot be told from others: it has no key.
    if value is None or len(names) != number or not all(names):
        return None
    return tuple(str(names[place]) for place in order), value
