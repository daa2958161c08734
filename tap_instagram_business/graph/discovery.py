"""How the accounts of a Facebook login are found: by Pages, by business portfolios, by assignment.

Graph API reference: User, Page, Business, InstagramBusinessAsset. One call brings the Pages and the
permissions granted, and is the only one where nothing more can be found: portfolios need
`business_management`, and what is assigned to a system user hangs on its Pages as a rule.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.calls import Call, Trial
from tap_instagram_business.graph.errors import refused_field
from tap_instagram_business.graph.paging import following

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.graph.session import GraphSession
    from tap_instagram_business.graph.transport import Costs

    Node = Mapping[str, Any]

PORTFOLIOS = "business_management"
"""The permission that a person's business portfolios need."""
INSIGHTS_TASKS = frozenset({"ANALYZE", "PROFILE_PLUS_ANALYZE"})
"""What somebody must be allowed to do on a Page to read its account's insights (either one)."""

LINKED = "instagram_business_account"
PAGE_EDGES = ("owned_pages", "client_pages")
ACCOUNT_EDGES = ("instagram_business_accounts", "instagram_accounts", "owned_instagram_accounts")
ASSET_EDGES = ("owned_instagram_assets", "client_instagram_assets")
ASSIGNED_PAGES, ASSIGNED_ACCOUNTS = "assigned_pages", "assigned_instagram_accounts"

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Missing:
    """Something that a token sees, but that is no account to read.

    Attributes:
        what: a Page, an account or a list of them, as a person knows it.
        why: what keeps it out.
    """

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass
class Found:
    """What was found of a token.

    Attributes:
        owner: `id` and `name` of whom the token belongs to.
        permissions: the permissions granted; None where Meta does not tell.
        nodes: the accounts by id, in the order in which they were found.
        pages: the Page of each account that was found by one.
        unread: accounts that Meta failed to give, and why.
        missing: what was seen besides, and why it is not read.
    """

    owner: Node = field(default_factory=dict)
    permissions: frozenset[str] | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    pages: dict[str, Node] = field(default_factory=dict)
    unread: dict[str, GraphError] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)


class Discovery:
    """Finds the accounts of a user, system user or Page token."""

    def __init__(
        self, session: GraphSession, token: str, fields: Sequence[str], costs: Costs
    ) -> None:
        self._session, self._token, self._costs = session, token, costs
        self._fields = ",".join(fields)
        self._linked = f"{LINKED}{{{self._fields}}}"
        self._found = Found()
        self._pages_without: dict[str, Node] = {}

    def run(self) -> Found:
        """Find them.

        Raises:
            GraphFailure: Meta does not answer, or refuses the token.
        """
        found = self._found
        if self._is_person():
            if found.permissions is None or PORTFOLIOS in found.permissions:
                self._search("businesses", ASSIGNED_PAGES, ASSIGNED_ACCOUNTS)
            elif not found.nodes:
                self._search(ASSIGNED_PAGES, ASSIGNED_ACCOUNTS)
        for page in self._pages_without.values():
            found.missing.append(Missing(f"Page {page.get('name')} ({page['id']})", _why(page)))
        return found

    def _is_person(self) -> bool:
        """Ask who it is; for a person or system user, with Pages and permissions."""
        pages = f"id,name,tasks,{self._linked}"
        together = (
            f"id,name,accounts.limit(100){{{pages}}},permissions.limit(100){{permission,status}}"
        )
        answer = self._session.answer(
            Trial("me", params={"fields": together}, token=self._token), self._costs
        )
        if answer.error and refused_field(answer.error) == "accounts":
            self._take_own_page()
            return False
        listing = Call("me", "accounts", {"fields": pages, "limit": "100"}, self._token)
        if answer.error:
            self._take_pages(self._items([listing]))
            return True
        self._take_person(answer.data)
        first = answer.data.get("accounts") or {}
        self._take_pages(first.get("data") or ())
        rest = following(listing, first)
        self._take_pages(self._items([rest] if rest else []))
        return True

    def _take_person(self, node: Node) -> None:
        self._found.owner = {name: node[name] for name in ("id", "name") if name in node}
        if listed := (node.get("permissions") or {}).get("data"):
            granted = (item["permission"] for item in listed if item.get("status") == "granted")
            self._found.permissions = frozenset(granted)

    def _take_own_page(self) -> None:
        """A Page's own token is that Page, and has no list of Pages."""
        call = Call("me", params={"fields": f"id,name,{self._linked}"}, token=self._token)
        answer = self._session.answer(call, self._costs)
        if answer.error:
            raise answer.error
        self._found.owner = {name: answer.data.get(name) for name in ("id", "name")}
        self._take_pages([answer.data])

    def _search(self, *edges: str) -> None:
        """Look where Pages do not lead, in a round trip for each step down."""
        businesses, accounts = [], dict[str, str]()
        for edge, item in self._listed("me", edges):
            if edge == "businesses":
                businesses.append(str(item["id"]))
            else:
                self._take(edge, item, accounts)
        calls = [
            self._trial(business, edge)
            for business in businesses
            for edge in (*PAGE_EDGES, *ACCOUNT_EDGES, *ASSET_EDGES)
        ]
        for edge, item in self._items_by_edge(calls):
            self._take(edge, item, accounts)
        self._read({i: name for i, name in accounts.items() if i not in self._found.nodes})

    def _take(self, edge: str, item: Node, accounts: dict[str, str]) -> None:
        if edge in {*PAGE_EDGES, ASSIGNED_PAGES}:
            self._take_pages([item])
            return
        account_id = str(item.get("ig_user_id" if edge in ASSET_EDGES else "id") or "")
        if account_id:
            accounts[account_id] = str(item.get("ig_username") or accounts.get(account_id, ""))

    def _take_pages(self, pages: Iterable[Node]) -> None:
        for page in pages:
            node = page.get(LINKED)
            if not node:
                self._pages_without.setdefault(str(page["id"]), page)
            elif node["id"] not in self._found.nodes:
                self._found.nodes[node["id"]] = node
                self._found.pages[node["id"]] = page

    def _read(self, accounts: Mapping[str, str]) -> None:
        """Read accounts that were found by their id alone."""
        calls = (Trial(i, params={"fields": self._fields}, token=self._token) for i in accounts)
        for answer in self._session.answers(calls, self._costs):
            account_id = answer.call.node
            if answer.error and answer.error.may_pass:
                self._found.unread[account_id] = answer.error
            elif answer.error:
                name = accounts[account_id]
                what = f"account {account_id} ({name})" if name else f"account {account_id}"
                why = f"the token's owner has it, but may not read it ({answer.error})"
                self._found.missing.append(Missing(what, why))
            else:
                self._found.nodes[account_id] = answer.data

    def _listed(self, node: str, edges: Iterable[str]) -> Iterator[tuple[str, Node]]:
        return self._items_by_edge([self._trial(node, edge) for edge in edges])

    def _trial(self, node: str, edge: str) -> Trial:
        fields = "id"
        if edge in ASSET_EDGES:
            fields = "ig_user_id,ig_username"
        elif edge in {*PAGE_EDGES, ASSIGNED_PAGES}:
            fields = f"id,name,{self._linked}"
        return Trial(node, edge, {"fields": fields, "limit": "100"}, self._token)

    def _items(self, calls: Iterable[Call]) -> Iterator[Node]:
        return (item for _, item in self._items_by_edge(calls))

    def _items_by_edge(self, calls: Iterable[Call]) -> Iterator[tuple[str, Node]]:
        """Yield what lists hold, in the calls' order; those not for this token hold nothing."""
        asked = list(calls)
        held: dict[tuple[str, str], list[Node]] = {(call.node, call.edge): [] for call in asked}
        for together in self._session.pages(asked, self._costs, go_on=lambda _: True):
            for page in together:
                answer = page.answer
                if answer.error:
                    self._pass_over(answer, answer.error)
                else:
                    held[answer.call.node, answer.call.edge] += answer.data["data"]
        for (_, edge), items in held.items():
            yield from ((edge, item) for item in items)

    def _pass_over(self, answer: Answer, error: GraphError) -> None:
        """Do without a list that the token may not see.

        Raises:
            GraphError: something else is wrong, and what the list holds would be lost unseen.
        """
        if error.may_pass:
            raise error
        logger.info("Not for this token: %s (%s).", answer.call.path, error)
        if answer.call.edge == "accounts":
            self._found.missing.append(Missing("all Pages", f"Meta does not list them ({error})"))


def _why(page: Node) -> str:
    """Say why a Page leads to no account."""
    tasks = page.get("tasks")
    if tasks and not INSIGHTS_TASKS & set(tasks):
        return "the token's owner lacks the task ANALYZE on it"
    return "no professional account is linked to it, or the token was not granted that account"
