"""How the accounts of a Facebook login are found: by Pages, business portfolios and assignments.

Graph API reference: User, Page, Business, InstagramBusinessAsset. The first call returns the Pages
and the granted permissions. More calls follow only if they can find more: portfolios need the
permission `business_management`, and assignments are read if the Pages led to no account.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.accounts import Account, Missing, NoAccount, TokenAccounts
from tap_instagram_business.graph.bodies import as_list, as_object
from tap_instagram_business.graph.calls import Call, OptionalCall, objects
from tap_instagram_business.graph.error_table import Action
from tap_instagram_business.graph.errors import GraphFailure
from tap_instagram_business.graph.paging import following
from tap_instagram_business.values import read_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.client import GraphClient
    from tap_instagram_business.graph.errors import CallError

    Node = Mapping[str, Any]

PORTFOLIOS = "business_management"
"""The permission that is needed to read the business portfolios of a person."""
INSIGHTS_TASKS = frozenset({"ANALYZE", "PROFILE_PLUS_ANALYZE"})
"""The tasks on a Page that allow a person to read the insights of its account; one is enough."""

OTHER_ACCOUNT = "the token belongs to another account"
LINKED = "instagram_business_account"
PAGE_EDGES = ("owned_pages", "client_pages")
ACCOUNT_EDGES = ("instagram_business_accounts", "instagram_accounts", "owned_instagram_accounts")
ASSET_EDGES = ("owned_instagram_assets", "client_instagram_assets")
ASSIGNED_PAGES, ASSIGNED_ACCOUNTS = "assigned_pages", "assigned_instagram_accounts"

logger = logging.getLogger("tap-instagram-business.graph")


def discover_accounts(
    client: GraphClient, token: str, *, account_ids: Sequence[str], fields: Sequence[str]
) -> TokenAccounts:
    """Find the accounts of a token.

    Args:
        client: the Graph API.
        token: a user, page, system user or Instagram user token.
        account_ids: the accounts to read, in this order; empty for all accounts of the token.
        fields: the fields of each account to ask for.

    Raises:
        NoAccount: there is none.
        GraphFailure: Meta does not answer, or refuses the token.
    """
    if client.config.login == "instagram":
        found = _own(client, token, account_ids, fields)
    elif account_ids:
        found = read_each(client, dict.fromkeys(account_ids, token), fields=fields)
    else:
        found = Discovery(client, token, fields).run()
    for item in found.missing:
        logger.log(logging.WARNING if item.is_fault else logging.INFO, "Not read: %s.", item.text)
    if not found.accounts and not found.unread:
        named = "; ".join(item.text for item in found.missing[:3])
        raise NoAccount(
            "the access token gives access to no Instagram professional account: link the account "
            "to a Facebook Page that the token's owner manages, or name it in setting "
            "`account_ids`" + (f" (seen: {named})" if named else "")
        )
    return found


def read_each(
    client: GraphClient, tokens: Mapping[str, str], *, fields: Sequence[str]
) -> TokenAccounts:
    """Read accounts of which the ids are known; that needs no permission on any Page.

    Args:
        client: the Graph API.
        tokens: the token of each account, by id.
        fields: the fields of each account to ask for.

    Raises:
        GraphFailure: Meta does not answer.
    """
    own = client.config.login == "instagram"
    params = {"fields": ",".join(["user_id", *fields] if own else fields)}
    calls = (
        Call("me" if own else account_id, "", params, token, account_id, account_id)
        for account_id, token in tokens.items()
    )
    accounts: list[Account] = []
    unread: dict[str, GraphFailure] = {}
    for result in client.send_all(calls):
        account_id = result.call.context
        error = result.error
        if own and not error and str(result.data.get("user_id")) != account_id:
            unread[account_id] = GraphFailure(OTHER_ACCOUNT)
        elif error:
            unread[account_id] = error
        else:
            accounts.append(Account(account_id, tokens[account_id], result.data))
    return TokenAccounts(tuple(accounts), unread)


def _own(
    client: GraphClient, token: str, account_ids: Sequence[str], fields: Sequence[str]
) -> TokenAccounts:
    """Instagram login: a token belongs to one account, whose `17841…` id is in `user_id`."""
    params = {"fields": ",".join(["user_id", *fields])}
    result = client.send(Call("me", params=params, token=token))
    if result.error:
        raise result.error
    own_id = read_id(result.data.get("user_id"))
    if own_id is None:
        # `id` is another one, which only this app knows: its rows would be those of a new account.
        raise NoAccount("Meta gave no user_id for the access token: run the tap again later")
    own = Account(own_id, token, result.data)
    unread = {other: GraphFailure(OTHER_ACCOUNT) for other in account_ids if other != own.id}
    return TokenAccounts((own,) if not account_ids or own.id in account_ids else (), unread)


class Discovery:
    """Finds the accounts of a user, system user or Page token."""

    def __init__(self, client: GraphClient, token: str, fields: Sequence[str]) -> None:
        self._client, self._token = client, token
        self._fields = ",".join(fields)
        self._linked = f"{LINKED}{{{self._fields}}}"
        self._owner: Node = {}
        self._permissions: frozenset[str] | None = None
        self._nodes: dict[str, Node] = {}
        self._pages: dict[str, Node] = {}
        self._unread: dict[str, CallError] = {}
        self._missing: list[Missing] = []
        self._pages_without: dict[str, Node] = {}

    def run(self) -> TokenAccounts:
        """Find them.

        Raises:
            GraphFailure: Meta does not answer, or refuses the token.
        """
        if self._read_person():
            if self._permissions is None or PORTFOLIOS in self._permissions:
                self._search("businesses", ASSIGNED_PAGES, ASSIGNED_ACCOUNTS)
            elif not self._nodes:
                self._search(ASSIGNED_PAGES, ASSIGNED_ACCOUNTS)
        accounts = (
            Account(account_id, self._token, node, self._pages.get(account_id, {}))
            for account_id, node in self._nodes.items()
        )
        missing = (*self._missing, *map(_page_without, self._pages_without.values()))
        return TokenAccounts(tuple(accounts), self._unread, missing, self._owner, self._permissions)

    def _read_person(self) -> bool:
        """Ask whose token it is, and read Pages and permissions; False for the token of a Page."""
        pages = f"id,name,tasks,{self._linked}"
        together = (
            f"id,name,accounts.limit(100){{{pages}}},permissions.limit(100){{permission,status}}"
        )
        result = self._client.send(
            OptionalCall("me", params={"fields": together}, token=self._token)
        )
        if result.error and result.error.refused_field == "accounts":
            self._add_own_page()
            return False
        self._add_person(result.data)
        first = as_object(result.data.get("accounts"))
        self._add_pages(self._objects(first.get("data"), "me/accounts"))
        listing = Call("me", "accounts", {"fields": pages, "limit": "100"}, self._token)
        rest = listing if result.error else following(listing, first)
        self._add_pages(item for _, item in self._items_by_edge([rest] if rest else []))
        return True

    def _add_person(self, node: Node) -> None:
        self._owner = {name: node[name] for name in ("id", "name") if name in node}
        if listed := objects(as_object(node.get("permissions")).get("data")):
            granted = (item.get("permission") for item in listed if item.get("status") == "granted")
            self._permissions = frozenset(str(name) for name in granted)

    def _add_own_page(self) -> None:
        """Read the token of a Page: it stands for that Page and has no list of Pages."""
        call = Call("me", params={"fields": f"id,name,{self._linked}"}, token=self._token)
        result = self._client.send(call)
        if result.error:
            raise result.error
        self._owner = {name: result.data.get(name) for name in ("id", "name")}
        self._add_pages([result.data])

    def _search(self, *edges: str) -> None:
        """Search portfolios and assignments, with one round trip for each level."""
        businesses, accounts = [], dict[str, str]()
        for edge, item in self._items_by_edge([self._trial("me", edge) for edge in edges]):
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
        self._read({i: name for i, name in accounts.items() if i not in self._nodes})

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
            account_id = read_id(as_object(page.get(LINKED)).get("id"))
            if account_id is None:
                self._pages_without.setdefault(str(page.get("id")), page)
            elif account_id not in self._pages:
                self._pages[account_id] = page
                if page[LINKED].keys() > {"id"} or self._fields == "id":
                    self._nodes[account_id] = page[LINKED]
                else:
                    only_ids[account_id] = ""
        self._read(only_ids)

    def _read(self, accounts: Mapping[str, str]) -> None:
        """Read accounts of which only an id was found.

        The edges of a portfolio may give an older id of an account: the account itself tells the
        id that counts.
        """
        calls = (
            OptionalCall(i, params={"fields": self._fields}, token=self._token) for i in accounts
        )
        for result in self._client.send_all(calls):
            account_id = result.call.node
            if result.error and result.error.is_transient:
                self._unread[account_id] = result.error
            elif result.error:
                name = accounts[account_id]
                what = f"account {account_id} ({name})" if name else f"account {account_id}"
                why = f"the token's owner has it, but may not read it ({result.error})"
                self._missing.append(Missing(f"{what}: {why}"))
            else:
                self._nodes[read_id(result.data["id"]) or account_id] = result.data

    def _trial(self, node: str, edge: str) -> OptionalCall:
        fields = "id"
        if edge in ASSET_EDGES:
            fields = "ig_user_id,ig_username"
        elif edge in {*PAGE_EDGES, ASSIGNED_PAGES}:
            fields = f"id,name,{self._linked}"
        return OptionalCall(node, edge, {"fields": fields, "limit": "100"}, self._token)

    def _items_by_edge(self, calls: Iterable[Call]) -> Iterator[tuple[str, Node]]:
        """Yield the items of lists in the order of the calls; a list that is refused is empty."""
        asked = list(calls)
        held: dict[tuple[str, str], list[Node]] = {(call.node, call.edge): [] for call in asked}
        again: list[Call] = []
        for together in self._client.pages(asked, go_on=lambda _: True):
            for page in together:
                result = page.result
                nodes = self._objects(result.data["data"], result.call.path)
                held[result.call.node, result.call.edge] += nodes
                if result.error:
                    again += self._pass_over(result, result.error)
        for (_, edge), items in held.items():
            yield from ((edge, item) for item in items)
        if again:
            yield from self._items_by_edge(again)

    def _objects(self, listed: object, path: str) -> list[Node]:
        """Return the objects of a list; what else is in it may be an account that is lost."""
        found: list[Node] = [*objects(listed)]
        if len(found) < len(as_list(listed)):
            why = "Meta gave no object for it"
            self._missing.append(Missing(f"something in the list {path}: {why}", is_fault=True))
        return found

    def _pass_over(self, result: Result, error: CallError) -> list[Call]:
        """Go on without a list that the token may not see.

        A list of Pages is refused as a whole if the account of one of them cannot be read. It is
        asked for again without the accounts' fields.

        Returns:
            The calls to make instead.

        Raises:
            CallError: something else is wrong, and the items of the list would be lost unnoticed.
        """
        if error.is_transient:
            raise error
        call = result.call
        bare = call.params["fields"].replace(self._linked, LINKED)
        if error.rule.action is Action.DENIED and bare != call.params["fields"]:
            return [call.with_params(fields=bare)]
        logger.info("Skipped, because this token has no access: %s (%s).", result.call.path, error)
        if result.call.edge == "accounts":
            self._missing.append(Missing(f"all Pages: Meta does not list them ({error})"))
        return []


def _page_without(page: Node) -> Missing:
    """Return why a Page leads to no account."""
    what = f"Page {page.get('name')} ({page.get('id')})"
    if page.get(LINKED) is not None:
        why = "Meta gave no id for the account that is linked to it"
        return Missing(f"{what}: {why}", is_fault=True)
    tasks = page.get("tasks")
    if isinstance(tasks, list) and tasks and not INSIGHTS_TASKS & {str(task) for task in tasks}:
        return Missing(f"{what}: the token's owner lacks the task ANALYZE on it")
    why = "no professional account is linked to it, or the token was not granted that account"
    return Missing(f"{what}: {why}")
