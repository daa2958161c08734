"""Rows as a table for the terminal."""

from __future__ import annotations

from typing import Any

from instagram_sandbox.tables import text_table


def test_numbers_go_right_and_text_goes_left() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "17841", "name": "a", "count": 1234, "share": 0.5},
        {"id": "17842", "name": "long\nname", "count": None, "share": 12345678.25},
    ]

    assert text_table(rows).splitlines() == [
        "id     name         count        share",
        "-----  ---------  -------  -----------",
        "17841  a             1234         0.5",
        "17842  long name           12345678.25",
    ]


def test_wide_characters_keep_their_columns() -> None:
    rows = [{"caption": "手作りの器", "likes": 7}, {"caption": "A cup", "likes": 12}]

    assert text_table(rows).splitlines() == [
        "caption       likes",
        "----------  -------",
        "手作りの器        7",
        "A cup            12",
    ]


def test_no_rows() -> None:
    assert text_table([]) == "(no rows)"
