"""Which Instagram professional accounts a token reaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.calls import Answer, Call
from tap_instagram_business.graph.errors import Action, GraphError, GraphFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.graph.session import GraphSession
    from tap_instagram_business.graph.transport import Costs


class NoAccount(GraphFailure):
    """The token is good, but reaches no Instagram professional account."""


@dataclass(frozen=True)
class Account:
    """One Instagram professional account.

    Attributes:
        id: the `17841…` id.
        token: the access token that reads it.
        node: its fields as Meta gave them (Graph API: IG User).
        page: id and name of the Facebook Page it hangs on, where it was found by that.
    """

    id: str
    token: str = field(repr=False)
    node: Mapping[str, Any] = field(default_factory=dict, repr=False)
    page: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """How to name it to a person."""
        username = self.node.get("username")
        return f"{self.id} ({username})" if username else self.id


@dataclass(frozen=True)
class Reach:
    """What a token reaches: accounts, and why others asked for by id cannot be read."""

    accounts: tuple[Account, ...]
    unread: Mapping[str, GraphError] = field(default_factory=dict)


def reach(
    session: GraphSession,
    token: str,
    *,
    account_ids: Sequence[str],
    fields: Sequence[str],
    costs: Costs,
) -> Reach:
    """Find the accounts of a token.

    Args:
        session: the Graph API.
        token: a user, page, system user or Instagram user token.
        account_ids: the accounts to read, in this order; empty for all that the token reaches.
        fields: the fields of each account's node to bring along.
        costs: who pays.

    Raises:
        NoAccount: there is none.
        GraphFailure: Meta does not answer, or refuses the token.
    """
    if session.access.login == "instagram":
        found = _own(session, token, account_ids, fields, costs)
    elif account_ids:
        found = _named(session, token, account_ids, fields, costs)
    else:
        found = Reach(tuple(_through_pages(session, token, fields, costs)))
    if not found.accounts and not found.unread:
        message = (
            "the access token reaches no Instagram professional account: link the account to a "
            "Facebook Page that the token's owner manages, or name it in setting `account_ids`"
        )
        raise NoAccount(message)
    return found


def _own(
    session: GraphSession,
    token: str,
    account_ids: Sequence[str],
    fields: Sequence[str],
    costs: Costs,
) -> Reach:
    """Instagram login: a token is one account's, and `user_id` is what others call its id."""
    params = {"fields": ",".join(["user_id", *fields])}
    node = _data(session.answer(Call("me", params=params, token=token), costs))
    own = Account(id=str(node.get("user_id") or node["id"]), token=token, node=node)
    if not account_ids:
        return Reach((own,))
    stranger = {"code": 100, "error_subcode": 33, "message": "This token is another account's"}
    unread = {other: GraphError(stranger) for other in account_ids if other != own.id}
    return Reach((own,) if own.id in account_ids else (), unread)


def _named(
    session: GraphSession,
    token: str,
    account_ids: Sequence[str],
    fields: Sequence[str],
    costs: Costs,
) -> Reach:
    """Facebook login, ids given: no permission on any Page is needed."""
    params = {"fields": ",".join(fields)}
    answers = list(
        session.answers((Call(i, params=params, token=token) for i in account_ids), costs)
    )
    return Reach(
        tuple(Account(item.call.node, token, item.data) for item in answers if not item.error),
        {item.call.node: item.error for item in answers if item.error},
    )


def _through_pages(
    session: GraphSession, token: str, fields: Sequence[str], costs: Costs
) -> Iterator[Account]:
    """Facebook login: the accounts of the Pages that the token manages.

    A Page's own token is that Page, and has no list of Pages.
    """
    params = {"fields": f"id,name,instagram_business_account{{{','.join(fields)}}}"}
    listed = Call("me", "accounts", {**params, "limit": "100"}, token)
    seen = set()
    own = Call("me", params=params, token=token)
    for together in session.pages([listed], costs, go_on=lambda _: True):
        for part in together:
            for page in _pages_in(session, part.answer, own, costs):
                node = page.get("instagram_business_account")
                if node and node["id"] not in seen:
                    seen.add(node["id"])
                    yield Account(node["id"], token, node, page)


def _pages_in(
    session: GraphSession, answer: Answer, own_page: Call, costs: Costs
) -> list[Mapping[str, Any]]:
    if answer.error and answer.error.rule.action is Action.DROP_FIELD:
        return [_data(session.answer(own_page, costs))]
    return list(_data(answer)["data"])


def _data(answer: Answer) -> Mapping[str, Any]:
    if answer.error:
        raise answer.error
    return answer.data
