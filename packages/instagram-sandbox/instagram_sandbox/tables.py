"""Tables as text for the terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from tabulate import tabulate


def text_table(rows: list[dict[str, Any]]) -> str:
    """Return rows as a table: numbers to the right, text to the left and on one line.

    Args:
        rows: The rows, all with the same columns.

    Returns:
        The table without a last line break, or `(no rows)`.
    """
    if not rows:
        return "(no rows)"
    columns = list(rows[0])
    cells = [[_on_one_line(row[column]) for column in columns] for row in rows]
    return tabulate(
        cells,
        headers=columns,
        floatfmt="",
        # Ids are text, although they look like numbers.
        disable_numparse=[
            place
            for place in range(len(columns))
            if any(isinstance(row[place], str) for row in cells)
        ],
    )


def _on_one_line(value: Any) -> Any:  # noqa: ANN401 - a value of BigQuery
    return escape(" ".join(value.split())) if isinstance(value, str) else value


UNSEEN = re.compile(r"[^\x20-\x7e\u200c\u200d]")
"""Which characters may be unseen; the joiners belong into Persian words and into emoji."""


def escape(text: str) -> str:
    """Return a text with the numbers of all characters that would control a terminal.

    The numbers have the form that JSON gives them: a backslash, the letter u and four digits.
    """
    return UNSEEN.sub(lambda match: _shown(match[0]), text)


def _shown(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return json.dumps(character)[1:-1]
    return character
