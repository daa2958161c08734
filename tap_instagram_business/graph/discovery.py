"""How the accounts of a Facebook login are found: by Pages, business portfolios and assignments.

Graph API reference: User, Page, Business, InstagramBusinessAsset. The first call returns the Pages
and the granted permissions. More calls follow only if they can find more: portfolios need the
permission `business_management`, and assignments are read if the Pages led to no account.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.calls import Call, OptionalCall, objects
from tap_instagram_business.graph.error_texts import refused_field
from tap_instagram_business.graph.paging import following
from tap_instagram_business.values import read_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.session import GraphSession

    Node = Mapping[str, Any]

PORTFOLIOS = "business_management"
"""The permission that is needed to read the business portfolios of a person."""
INSIGHTS_TASKS = frozenset({"ANALYZE", "PROFILE_PLUS_ANALYZE"})
"""The tasks on a Page that allow a person to read the insights of its account; one is enough."""

LINKED = "instagram_business_account"
PAGE_EDGES = ("owned_pages", "client_pages")
ACCOUNT_EDGES = ("instagram_business_accounts", "instagram_accounts", "owned_instagram_accounts")
ASSET_EDGES = ("owned_instagram_assets", "client_instagram_assets")
ASSIGNED_PAGES, ASSIGNED_ACCOUNTS = "assigned_pages", "assigned_instagram_accounts"

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Missing:
    """Something that a token sees but that is not read.

    Attributes:
        what: a Page, an account or a list of them, with its name.
        why: the reason.
        is_fault: whether an account may be lost by it that the token does give access to.
    """

    what: str
    why: str
    is_fault: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass
class Findings:
    """What was found with a token.

    Attributes:
        owner: `id` and `name` of the token's owner.
        permissions: the granted permissions; None if Meta does not tell.
        nodes: the accounts by id, in the order in which they were found.
        pages: the Page of each account that was found through one.
        unread: accounts at which Meta failed, with the error.
        missing: what else was seen, and why it is not read.
    """

    owner: Node = field(default_factory=dict)
    permissions: frozenset[str] | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    pages: dict[str, Node] = field(default_factory=dict)
    unread: dict[str, CallError] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)


class Discovery:
    """Finds the accounts of a user, system user or Page token."""

    def __init__(self, session: GraphSession, token: str, fields: Sequence[str]) -> None:
        self._session, self._token = session, token
        self._fields = ",".join(fields)
        self._linked = f"{LINKED}{{{self._fields}}}"
        self._found = Findings()
        self._pages_without: dict[str, Node] = {}

    def run(self) -> Findings:
        """Find them.

        Raises:
            GraphFailure: Meta does not answer, or refuses the token.
        """
        found = self._found
        if self._read_person():
            if found.permissions is None or PORTFOLIOS in found.permissions:
                self._search("businesses", ASSIGNED_PAGES, ASSIGNED_ACCOUNTS)
            elif not found.nodes:
                self._search(ASSIGNED_PAGES, ASSIGNED_ACCOUNTS)
        for page in self._pages_without.values():
            found.missing.append(_page_without(page))
        return found

    def _read_person(self) -> bool:
        """Ask whose token it is, and read Pages and permissions; False for the token of a Page."""
        pages = f"id,name,tasks,{self._linked}"
        together = (
            f"id,name,accounts.limit(100){{{pages}}},permissions.limit(100){{permission,status}}"
        )
        answer = self._session.answer(
            OptionalCall("me", params={"fields": together}, token=self._token)
        )
        if answer.error and refused_field(answer.error) == "accounts":
            self._add_own_page()
            return False
        listing = Call("me", "accounts", {"fields": pages, "limit": "100"}, self._token)
        if answer.error:
            self._add_pages(self._items([listing]))
        else:
            self._add_person(answer.data)
            first = answer.data.get("accounts")
            first = first if isinstance(first, dict) else {}
            self._add_pages(objects(first.get("data")))
            rest = following(listing, first)
            self._add_pages(self._items([rest] if rest else []))
        return True

    def _add_person(self, node: Node) -> None:
        self._found.owner = {name: node[name] for name in ("id", "name") if name in node}
        permissions = node.get("permissions")
        if listed := objects(permissions.get("data") if isinstance(permissions, dict) else None):
            granted = (item.get("permission") for item in listed if item.get("status") == "granted")
            self._found.permissions = frozenset(str(name) for name in granted)

    def _add_own_page(self) -> None:
        """Read the token of a Page: it stands for that Page and has no list of Pages."""
        call = Call("me", params={"fields": f"id,name,{self._linked}"}, token=self._token)
        answer = self._session.answer(call)
        if answer.error:
            raise answer.error
        self._found.owner = {name: answer.data.get(name) for name in ("id", "name")}
        self._add_pages([answer.data])

    def _search(self, *edges: str) -> None:
        """Search portfolios and assignments, with one round trip for each level."""
        businesses, accounts = [], dict[str, str]()
        for edge, item in self._listed("me", edges):
            if edge == "businesses":
                businesses += [business] if (business := read_id(item.get("id"))) else []
            else:
                self._add(edge, item, accounts)
        calls = [
            self._trial(business, edge)
            for business in businesses
            for edge in (*PAGE_EDGES, *ACCOUNT_EDGES, *ASSET_EDGES)
        ]
        for edge, item in self._items_by_edge(calls):
            self._add(edge, item, accounts)
        self._read({i: name for i, name in accounts.items() if i not in self._found.nodes})

    def _add(self, edge: str, item: Node, accounts: dict[str, str]) -> None:
        if edge in {*PAGE_EDGES, ASSIGNED_PAGES}:
            self._add_pages([item])
            return
        if account_id := read_id(item.get("ig_user_id" if edge in ASSET_EDGES else "id")):
            accounts[account_id] = str(item.get("ig_username") or accounts.get(account_id, ""))

    def _add_pages(self, pages: Iterable[Node]) -> None:
        """Add the accounts of Pages; those of which only the id was found are read one by one."""
        only_ids: dict[str, str] = {}
        for page in pages:
            node = page.get(LINKED)
            account_id = read_id(node.get("id")) if isinstance(node, dict) else None
            if account_id is None:
                self._pages_without.setdefault(str(page.get("id")), page)
            elif account_id not in self._found.pages:
                self._found.pages[account_id] = page
                if page[LINKED].keys() > {"id"} or self._fields == "id":
                    self._found.nodes[account_id] = page[LINKED]
                else:
                    only_ids[account_id] = ""
        if only_ids:
            self._read(only_ids)

    def _read(self, accounts: Mapping[str, str]) -> None:
        """Read accounts of which only an id was found.

        The edges of a portfolio may give an older id of an account: the account itself tells the
        id that counts.
        """
        calls = (
            OptionalCall(i, params={"fields": self._fields}, token=self._token) for i in accounts
        )
        for answer in self._session.answers(calls):
            account_id = answer.call.node
            if answer.error and answer.error.may_pass:
                self._found.unread[account_id] = answer.error
            elif answer.error:
                name = accounts[account_id]
                what = f"account {account_id} ({name})" if name else f"account {account_id}"
                why = f"the token's owner has it, but may not read it ({answer.error})"
                self._found.missing.append(Missing(what, why))
            else:
                self._found.nodes[read_id(answer.data["id"]) or account_id] = answer.data

    def _listed(self, node: str, edges: Iterable[str]) -> Iterator[tuple[str, Node]]:
        return self._items_by_edge([self._trial(node, edge) for edge in edges])

    def _trial(self, node: str, edge: str) -> OptionalCall:
        fields = "id"
        if edge in ASSET_EDGES:
            fields = "ig_user_id,ig_username"
        elif edge in {*PAGE_EDGES, ASSIGNED_PAGES}:
            fields = f"id,name,{self._linked}"
        return OptionalCall(node, edge, {"fields": fields, "limit": "100"}, self._token)

    def _items(self, calls: Iterable[Call]) -> Iterator[Node]:
        return (item for _, item in self._items_by_edge(calls))

    def _items_by_edge(self, calls: Iterable[Call]) -> Iterator[tuple[str, Node]]:
        """Yield the items of lists in the order of the calls; a list that is refused is empty."""
        asked = list(calls)
        held: dict[tuple[str, str], list[Node]] = {(call.node, call.edge): [] for call in asked}
        again: list[Call] = []
        for together in self._session.pages(asked, go_on=lambda _: True):
            for page in together:
                answer = page.answer
                held[answer.call.node, answer.call.edge] += answer.nodes
                if answer.error:
                    again += self._pass_over(answer, answer.error)
        for (_, edge), items in held.items():
            yield from ((edge, item) for item in items)
        if again:
            yield from self._items_by_edge(again)

    def _pass_over(self, answer: Answer, error: CallError) -> list[Call]:
        """Go on without a list that the token may not see.

        A list of Pages is refused as a whole if the account of one of them cannot be read. It is
        asked for again without the accounts' fields.

        Returns:
            The calls to make instead.

        Raises:
            CallError: something else is wrong, and the items of the list would be lost unnoticed.
        """
        if error.may_pass:
            raise error
        call = answer.call
        bare = call.params["fields"].replace(self._linked, LINKED)
        if error.rule.means_denied and bare != call.params["fields"]:
            return [call.with_params(fields=bare)]
        logger.info("Not for this token: %s (%s).", answer.call.path, error)
        if answer.call.edge == "accounts":
            self._found.missing.append(Missing("all Pages", f"Meta does not list them ({error})"))
        return []


def _page_without(page: Node) -> Missing:
    """Return why a Page leads to no account."""
    what = f"Page {page.get('name')} ({page.get('id')})"
    if page.get(LINKED) is not None:
        return Missing(what, "Meta gave no id for the account that is linked to it", is_fault=True)
    tasks = page.get("tasks")
    if isinstance(tasks, list) and tasks and not INSIGHTS_TASKS & {str(task) for task in tasks}:
        return Missing(what, "the token's owner lacks the task ANALYZE on it")
    return Missing(
        what,
        "no professional account is linked to it, or the token was not granted that account",
    )
