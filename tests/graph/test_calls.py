"""How a call is made smaller when Meta refuses a part of it."""

from __future__ import annotations

import pytest

from tap_instagram_business.graph.calls import without_field


@pytest.mark.parametrize(
    ("fields", "name", "left"),
    [
        ("id,caption,alt_text", "id", "caption,alt_text"),
        ("id,caption,alt_text", "caption", "id,alt_text"),
        ("id,caption,alt_text", "alt_text", "id,caption"),
        ("caption", "caption", ""),
        ("id,children{id,alt_text,media_url}", "alt_text", "id,children{id,media_url}"),
        ("id,children{alt_text,id}", "alt_text", "id,children{id}"),
        ("id,children{id,alt_text}", "alt_text", "id,children{id}"),
        ("id,alt_text,children{id,alt_text}", "alt_text", "id,children{id}"),
        ("id,children{id,alt_text},caption", "children", "id,caption"),
        ("children{id,alt_text}", "children", ""),
    ],
)
def test_a_field_is_taken_out_wherever_it_stands(fields: str, name: str, left: str) -> None:
    assert without_field(fields, name) == left


@pytest.mark.parametrize("name", ["id", "media", "url", "text", "like_count"])
def test_a_field_whose_name_is_a_part_of_another_leaves_that_one(name: str) -> None:
    fields = "ig_id,media_url,alt_text,total_like_count"
    assert without_field(fields, name) == fields


def test_what_is_not_asked_for_cannot_be_taken_out() -> None:
    assert without_field("id,caption", "alt_text") == "id,caption"
