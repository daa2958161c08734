"""How the answers of insights edges are read (Graph API: IG User insights, IG Media insights).

A figure is in `values`, or in `total_value`, or split in `total_value.breakdowns`. If Meta has no
figure, the metric is missing or empty. A figure is read as zero only if Meta says that it is zero.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Number: TypeAlias = "int | float"


TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def read_time(timestamp: object) -> dt.datetime:
    """Read a moment as Meta writes it: `2026-10-01T12:34:56+0000`.

    Fractions of a second, `Z`, a colon in the offset and Unix seconds were seen in answers of the
    Graph API too. Fractions are dropped.

    Raises:
        ValueError: it is no moment.
    """
    if isinstance(timestamp, (int, float)) and not isinstance(timestamp, bool):
        return dt.datetime.fromtimestamp(int(timestamp), dt.timezone.utc)
    found = TIME.fullmatch(str(timestamp))
    if found is None:
        message = f"{timestamp!r} is no moment"
        raise ValueError(message)
    return dt.datetime.strptime(found[1] + found[3], "%Y-%m-%dT%H:%M:%S%z")


def metric_names(answer: Mapping[str, Any]) -> set[str]:
    """Return the names of the metrics that an answer holds."""
    return {str(item["name"]) for item in answer["data"]}


def read_values(answer: Mapping[str, Any]) -> dict[str, Number]:
    """Return the value of each metric that has a single value."""
    found = ((str(item["name"]), _value(item)) for item in answer["data"])
    return {name: value for name, value in found if value is not None}


def _value(item: Mapping[str, Any]) -> Number | None:
    total = item.get("total_value") or {}
    values = item.get("values") or [{}]
    value = total.get("value", values[0].get("value"))
    return value if isinstance(value, (int, float)) else None


def read_series(answer: Mapping[str, Any]) -> dict[str, list[tuple[dt.datetime, Any]]]:
    """Return the buckets of each metric: `end_time` and content, as Meta gave them."""
    return {
        str(item["name"]): [
            (read_time(bucket["end_time"]), bucket["value"])
            for bucket in item.get("values") or ()
            if bucket.get("value") is not None and bucket.get("end_time")
        ]
        for item in answer["data"]
    }


@dataclass(frozen=True)
class Split:
    """A figure in parts.

    Attributes:
        dimensions: the names of the dimensions that split it.
        parts: the figure of each part, by its values of the dimensions; Meta leaves out zeros.
    """

    dimensions: tuple[str, ...]
    parts: Mapping[tuple[str, ...], Number]


def read_splits(answer: Mapping[str, Any]) -> dict[str, Split]:
    """Return the parts of each metric that Meta has split; a split may be empty."""
    return {
        str(item["name"]): Split(
            dimensions=tuple(breakdown.get("dimension_keys") or ()),
            parts={
                tuple(part["dimension_values"]): part["value"]
                for part in breakdown.get("results") or ()
            },
        )
        for item in answer["data"]
        for breakdown in (item.get("total_value") or {}).get("breakdowns") or ()
    }


def is_readable(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer has a shape that the functions above can read."""
    try:
        for read in (read_values, read_series, read_splits):
            read(answer)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True
