"""How the next page of a list is asked for, and how its end is told from a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.graph.calls import Call, ListCall, Result
from tap_instagram_business.graph.errors import GraphError, Unanswered
from tap_instagram_business.graph.paging import following, next_page, node_by_node

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST = Call("17841", "media", {"fields": "id,caption", "limit": "100"}, token="own-token")
ITEMS = [{"id": "1"}, {"id": "2"}]
NEXT = "https://graph.facebook.com/v25.0/17841/media?access_token=theirs&limit=25&after=QVFI%3D"


@pytest.mark.parametrize(
    "paging",
    [
        None,
        {},
        {"cursors": {"before": "A", "after": "B"}},
        {"next": None, "cursors": {"after": "B"}},
        {"previous": NEXT},
    ],
)
def test_a_page_without_a_next_is_the_last(paging: dict[str, Any] | None) -> None:
    assert following(LIST, {"data": ITEMS, "paging": paging}) is None
    assert following(LIST, {"data": ITEMS}) is None


@pytest.mark.parametrize(
    ("paging", "after"),
    [
        ({"next": NEXT, "cursors": {"before": "A", "after": "B"}}, "B"),
        ({"next": NEXT}, "QVFI="),
        ({"next": NEXT, "cursors": None}, "QVFI="),
        ({"next": NEXT, "cursors": {"before": "A"}}, "QVFI="),
    ],
)
def test_the_next_page_is_asked_for_with_our_own_parameters(
    paging: dict[str, Any], after: str
) -> None:
    call = following(LIST, {"data": ITEMS, "paging": paging})
    assert call == Call(
        "17841",
        "media",
        {"fields": "id,caption", "limit": "100", "after": after},
        token="own-token",
    )


def test_an_empty_page_may_have_a_next() -> None:
    call = following(LIST, {"data": [], "paging": {"next": NEXT}})
    assert call is not None


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "https://graph.facebook.com/v25.0/17841/media"},
        {"next": "https://graph.facebook.com/v25.0/17841/media?after="},
        {"next": NEXT, "cursors": {"after": "here"}},
    ],
)
def test_a_next_that_leads_nowhere_or_back_is_no_end(paging: dict[str, Any]) -> None:
    with pytest.raises(Unanswered, match="the list 17841/media goes on, but leads nowhere"):
        following(LIST.with_params(after="here"), {"data": ITEMS, "paging": paging})


def test_a_page_is_turned_over_to_the_call_for_the_next() -> None:
    page = Result(LIST, {"data": ITEMS, "paging": {"next": NEXT}})
    assert next_page(page) == (page, LIST.with_params(after="QVFI="))


def test_the_last_page_is_turned_over_to_nothing() -> None:
    page = Result(LIST, {"data": ITEMS})
    assert next_page(page) == (page, None)


def test_nothing_follows_an_error() -> None:
    page = Result(LIST, {"data": [], "paging": {"next": NEXT}}, GraphError({"code": 10}))
    assert next_page(page) == (page, None)


def test_a_page_whose_next_cannot_be_asked_for_keeps_its_items_and_has_an_error() -> None:
    page, call = next_page(Result(LIST, {"data": ITEMS, "paging": {"next": "https://nowhere"}}))
    assert (page.data["data"], call) == (ITEMS, None)
    assert isinstance(page.error, Unanswered)


def test_a_refused_page_is_read_node_by_node_and_nothing_of_it_gets_lost() -> None:
    call = ListCall("17841400000000001", "media", {"fields": "id,caption"})
    error = GraphError({"code": 9005, "message": "Video content was not found"})
    first, second = "17900000000000001", "17900000000000002"

    def ask(calls: Sequence[Call]) -> list[Result]:
        if calls[0].edge:
            listed = [{"id": first}, {"id": second}, {"caption": "no id"}]
            return [Result(calls[0], {"data": listed, "paging": {"next": NEXT}})]
        # The rate limit that they use is that of the list's account.
        assert {one.quota_account for one in calls} == {call.node}
        return [
            Result(one, error=error) if one.node == second else Result(one, {"id": one.node})
            for one in calls
        ]

    page = node_by_node(Result(call, error=error), ask)
    assert page.error is None
    assert page.data["data"] == [{"id": first}, {"caption": "no id"}]
    assert page.refused_nodes == {second: error}
    assert following(page.call, page.data) is not None


def test_a_refused_page_whose_ids_are_refused_too_stays_refused() -> None:
    call = ListCall("17841400000000001", "media", {"fields": "id,caption"})
    page = Result(call, error=GraphError({"code": 9005, "message": "Video content was not found"}))
    assert (
        node_by_node(page, lambda calls: [Result(one, error=page.error) for one in calls]) is page
    )
    empty = node_by_node(page, lambda calls: [Result(one) for one in calls])
    assert empty is page
