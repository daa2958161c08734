"""Splitting a total into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def split_total(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Split a total by weights. The sum of the parts is the total; parts of zero are left out."""
    sum_of_weights = sum(weights.values())
    parts = {name: int(total * weight / sum_of_weights) for name, weight in weights.items()}
    parts[next(iter(parts))] += total - sum(parts.values())
    return {name: part for name, part in parts.items() if part}
