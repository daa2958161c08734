"""Rows as a table for the eye."""

from __future__ import annotations

from typing import Any

from instagram_sandbox.text_table import text_table


def test_numbers_go_right_and_text_goes_left() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "a", "count": 1234},
        {"name": "long\nname", "count": None},
    ]

    assert text_table(rows, thousands=True).splitlines() == [
        "name       count",
        "---------  -----",
        "a          1,234",
        "long name",
    ]


def test_no_rows() -> None:
    assert text_table([]) == "(no rows)"
