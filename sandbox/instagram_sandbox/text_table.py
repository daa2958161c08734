"""Rows and headings for the eye."""

from __future__ import annotations

from typing import Any


def heading(text: str) -> str:
    """Set a heading off from what is before and after it."""
    return f"\n{text}\n"


def text_table(rows: list[dict[str, Any]], *, thousands: bool = False) -> str:
    """Lay rows out in columns, numbers to the right.

    Args:
        rows: The rows, all with the same columns.
        thousands: Whether to set off the thousands of whole numbers.

    Returns:
        The table without a last line break, or `(no rows)`.
    """
    if not rows:
        return "(no rows)"
    columns = list(rows[0])
    texts = [[_cell(row[column], thousands=thousands) for column in columns] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(columns, *texts, strict=True)]
    numeric = [any(_is_number(row[column]) for row in rows) for column in columns]
    lines = [columns, ["-" * width for width in widths], *texts]
    return "\n".join(_line(line, widths, numeric) for line in lines)


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = (
        cell.rjust(width) if to_the_right else cell.ljust(width)
        for cell, width, to_the_right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cell(value: Any, *, thousands: bool) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if thousands and _is_number(value):
        return f"{value:,}"
    return " ".join(str(value).split())


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, (int, float)) and not isinstance(value, bool)
