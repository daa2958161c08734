"""Splitting a total into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def split_total(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Split a total by weights. The parts add up to the total; those of zero are omitted."""
    sum_of_weights = sum(weights.values())
    parts = {name: int(total * weight / sum_of_weights) for name, weight in weights.items()}
    parts[next(iter(parts))] += total - sum(parts.values())
    return {name: part for name, part in parts.items() if part}


def combine_splits(splits: Sequence[Mapping[str, int]]) -> dict[tuple[str, ...], int]:
    """Combine one or two splits of the same total into one split by the names of both.

    Of two splits, the sums of the parts by either name are the parts of the given splits; parts of
    zero are left out. Other splits with the same sums would be possible too.
    """
    first, *others = splits
    combined: dict[tuple[str, ...], int] = {(name,): part for name, part in first.items()}
    for other in others:
        left = dict(other)
        wider: dict[tuple[str, ...], int] = {}
        for names, part in combined.items():
            rest = part
            for name, available in left.items():
                taken = min(rest, available)
                rest, left[name] = rest - taken, available - taken
                both = (*names, name)
                if taken:
                    wider[both] = taken
        combined = wider
    return combined
