"""Tables and headings as text for the terminal."""

from __future__ import annotations

from typing import Any

from tabulate import tabulate


def heading(text: str) -> str:
    """Return a heading with an empty line before it and after it."""
    return f"\n{text}\n"


def text_table(rows: list[dict[str, Any]], *, thousands: bool = False) -> str:
    """Return rows as a table: numbers to the right, text to the left and on one line.

    Args:
        rows: The rows, all with the same columns.
        thousands: Whether numbers get thousands separators.

    Returns:
        The table without a last line break, or `(no rows)`.
    """
    if not rows:
        return "(no rows)"
    columns = list(rows[0])
    cells = [[_on_one_line(row[column]) for column in columns] for row in rows]
    number_format = "," if thousands else ""
    return tabulate(
        cells,
        headers=columns,
        intfmt=number_format,
        floatfmt=number_format,
        # Ids are text, although they look like numbers.
        disable_numparse=[
            place
            for place in range(len(columns))
            if any(isinstance(row[place], str) for row in cells)
        ],
    )


def _on_one_line(value: Any) -> Any:  # noqa: ANN401 - a value of BigQuery
    return " ".join(value.split()) if isinstance(value, str) else value
