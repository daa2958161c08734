"""Which metric or field a message is about, and which row of the table an error meets first."""

from __future__ import annotations

from typing import Any

import pytest

from tap_instagram_business.graph.error_table import Action
from tap_instagram_business.graph.errors import GraphError

ASKED = ("reach", "saved", "views")


def refusal(message: str, **body: Any) -> GraphError:
    return GraphError({"code": 100, "message": message, **body})


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("The Media Insights API does not support the saved metric for this media", ("saved",)),
        ("does not support the views, saved metric for this media product type.", ASKED[1:]),
        ("Incompatible breakdowns (contact_button_type) for metric (views)", ("views",)),
        (
            "The following metrics (views, reach) should be specified with parameter metric_type",
            ("reach", "views"),
        ),
        ("(saved) metric only supports querying data for the last 30 days", ("saved",)),
        ("metric[1] must be one of the following values: reach, likes, views", ("saved",)),
        ("metric[0] must be one of the following values: likes, comments", ASKED),
        ("does not support the likes metric for this media", ()),
        ("metric[0] must be one of the following values: reach, saved, views", ()),
        ("Something about saved that nobody has read before", ()),
        ("", ()),
    ],
)
def test_the_asked_metrics_that_a_message_refuses(message: str, names: tuple[str, ...]) -> None:
    assert refusal(message).refused_metrics(ASKED) == names


def test_a_metric_whose_name_is_a_part_of_another_is_not_refused_with_it() -> None:
    error = refusal("does not support the total_views metric for this media")
    assert error.refused_metrics(("views", "total_views")) == ("total_views",)


def test_metrics_may_be_named_in_what_meta_would_show_to_a_user() -> None:
    error = refusal("Invalid parameter", error_user_msg="does not support the saved metric")
    assert error.refused_metrics(ASKED) == ("saved",)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (
            "(#100) Tried accessing nonexisting field (alt_text) on node type (Media)",
            "alt_text",
        ),
        ("(#100) Tried accessing nonexisting field alt_text on node type (Media)", ""),
        ("(#100) Invalid parameter", ""),
        ("", ""),
    ],
)
def test_the_field_that_a_message_is_about(message: str, name: str) -> None:
    assert refusal(message).refused_field == name


@pytest.mark.parametrize(
    ("body", "action", "reason"),
    [
        # Two rows cover each of these: the one further up decides.
        ({"code": 4, "message": "Please reduce the amount of data"}, Action.LESS, "meta_error"),
        ({"code": 10, "message": "Not enough viewers"}, Action.GAP, "too_few_viewers"),
        ({"code": 10, "message": "Nicht genug"}, Action.DENIED, "permission"),
        (
            {"code": 100, "error_subcode": 2108006, "message": "nonexisting field (saved)"},
            Action.GAP,
            "before_conversion",
        ),
        (
            {"code": 100, "error_subcode": 33, "message": "does not support the saved metric"},
            Action.GONE,
            "gone",
        ),
        ({"code": 190, "error_subcode": 492}, Action.SKIP_ACCOUNT, "permission"),
        ({"code": 190, "error_subcode": 463}, Action.STOP, "meta_error"),
        # What Meta would show to a user is looked at too.
        (
            {"code": 10, "message": "Fehler", "error_user_title": "Not enough viewers"},
            Action.GAP,
            "too_few_viewers",
        ),
        (
            {"code": 10, "message": "Fehler", "error_user_msg": "Not enough viewers to show"},
            Action.GAP,
            "too_few_viewers",
        ),
        # What no row covers is a gap, unless Meta says that it passes.
        ({"code": 66_666}, Action.GAP, "meta_error"),
        ({"code": 66_666, "is_transient": True}, Action.RETRY, "meta_error"),
        ({"code": 10, "is_transient": True}, Action.DENIED, "permission"),
        ({}, Action.GAP, "meta_error"),
        ({"code": None, "error_subcode": None, "message": None}, Action.GAP, "meta_error"),
    ],
)
def test_the_first_row_that_covers_an_error_decides(
    body: dict[str, Any], action: Action, reason: str
) -> None:
    rule = GraphError(body).rule
    assert (rule.action, rule.reason) == (action, reason)


@pytest.mark.parametrize(
    ("status", "action"), [(400, Action.GAP), (499, Action.GAP), (500, Action.RETRY)]
)
def test_an_error_of_a_server_that_no_row_covers_may_pass(status: int, action: Action) -> None:
    assert GraphError({"code": 66_666}, status).rule.action is action
