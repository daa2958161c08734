"""What the text of an error names: the metrics or the field that Meta refuses.

Only the text says which; its wording was seen in answers of the Graph API, in English.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_instagram_business.graph.errors import CallError

NAMED_METRICS = (
    re.compile(r"does not support the (?P<names>[\w, ]+?) metric", re.IGNORECASE),
    re.compile(r"for metric \((?P<names>[\w, ]+)\)", re.IGNORECASE),
    re.compile(r"following metrics \((?P<names>[\w, ]+)\)", re.IGNORECASE),
    re.compile(r"\((?P<names>\w+)\) metric only supports", re.IGNORECASE),
)
KNOWN_METRICS = re.compile(r"must be one of the following values: (?P<names>[\w, ]+)")


def refused_metrics(error: CallError, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the metrics that an error refuses, of those that were asked for."""
    if listed := KNOWN_METRICS.search(error.text):
        known = set(re.findall(r"\w+", listed["names"]))
        return tuple(metric for metric in asked if metric not in known)
    matches = (pattern.search(error.text) for pattern in NAMED_METRICS)
    names = {name for match in matches if match for name in re.findall(r"\w+", match["names"])}
    return tuple(metric for metric in asked if metric in names)


def metrics_in_text(error: CallError, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the metrics whose names are words of an error's text; none if all are.

    That is no proof, since names such as `likes` are words of many a text.
    """
    named = tuple(metric for metric in asked if re.search(rf"\b{metric}\b", error.text))
    return named if len(named) < len(asked) else ()


def refused_field(error: CallError) -> str:
    """Return the field that Meta says does not exist; '' if the error names none."""
    named = re.search(r"nonexisting field \((\w+)\)", error.text)
    return named[1] if named else ""
