"""The API: it answers one call at a time, from its path to its body."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.debug_token import debug_token
from instagram_sandbox.graph_api.api.edge_table import EDGES
from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    closed_feature,
    missing_token,
    no_such_object,
    syntax_error,
)
from instagram_sandbox.graph_api.api.facebook_login import FacebookLogin, revoke
from instagram_sandbox.graph_api.api.instagram_login import InstagramLogin
from instagram_sandbox.graph_api.api.nodes import edge_of, select
from instagram_sandbox.graph_api.api.request import (
    SYSTEM_USER,
    USER,
    GraphRequest,
    Node,
    User,
    owner,
)
from instagram_sandbox.graph_api.api.tokens import TokenBook
from instagram_sandbox.graph_api.faults.orders import Faults
from instagram_sandbox.graph_api.faults.pseudo_language import nameless, translate
from instagram_sandbox.graph_api.world.accounts import Business, Page

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.settings import ApiSettings
    from instagram_sandbox.graph_api.world import World

OLDEST_VERSION, NEWEST_VERSION = 21.0, 27.0
"""Calls to newer versions fail. The oldest version answers calls to versions that have ended."""


class Api:
    """Answers calls about a world.

    Args:
        world: The world that the answers show.
        settings: Settings of the API.
        started: Moment at which the server started.

    Attributes:
        world: The world that the answers show.
        settings: Settings of the API.
        tokens: The access tokens that the API knows.
        faults: The faults that are ordered. Tests may change them.
        oldest_version: The oldest version that Meta has not switched off. Tests may change it.
        newest_version: The newest version that Meta has published. Tests may change it.
    """

    def __init__(self, world: World, settings: ApiSettings, started: datetime) -> None:
        self.world = world
        self.settings = settings
        self.tokens = TokenBook(world, settings, started)
        self.faults = Faults(*settings.faults)
        self.oldest_version, self.newest_version = OLDEST_VERSION, NEWEST_VERSION
        self._numbers = count(1)
        login = InstagramLogin if world.settings.login == "instagram" else FacebookLogin
        self._logins = login(world, settings, self.tokens).endpoints()

    def error_answer(self, error: GraphError, account_id: str | None = None) -> Answer:
        """Return the answer that reports an error."""
        for fault in self.faults.of({"other_language"}):
            if self.faults.happens(fault):
                error = error.in_language(translate if fault.form == "foreign" else nameless)
        plain = error.message.encode("ascii", "backslashreplace").decode()
        quoted = " ".join(plain.replace('"', "'").split())
        header = {"WWW-Authenticate": f'OAuth "Facebook Platform" "invalid_request" "{quoted}"'}
        return Answer(
            error.status,
            error.body(self.trace(), instagram_login=self.world.settings.login == "instagram"),
            header,
            account_id,
        )

    def served_version(self, call: Call) -> str:
        """Return the version that answers a call: the requested version, or a later one."""
        requested = float(call.version[1:]) if call.version else self.oldest_version
        served = max(requested, self.oldest_version)
        for fault in self.faults.of({"newer_version"}, call.text()):
            if (fault.number or 0) > served and self.faults.happens(fault):
                served = fault.number or 0
        return f"v{served:.1f}"

    def trace(self) -> str:
        """Return a new fbtrace_id."""
        return f"A{next(self._numbers):010x}"

    def account_of(self, call: Call) -> str | None:
        """Return the id of the account that a call is about, or None if it is about no account."""
        name = call.segments[0] if call.segments else ""
        token = self.tokens.get(call.token)
        if name == "me":
            own = token.account or (token.page.account if token.page else None) if token else None
            return own.id if own else None
        item = self.world.find(name)
        account = owner(item) if item is not None else None
        return account.id if account else None

    def answer(self, call: Call) -> Answer:
        """Answer a call.

        Raises:
            GraphError: If it cannot be carried out.
        """
        self._check_version(call)
        endpoint = self._logins.get((call.method, call.segments))
        if endpoint is not None:
            return endpoint(call)
        proof = call.params.get("appsecret_proof")
        token = self.tokens.open(call.token, proof, call.now)
        request = GraphRequest(
            self.world,
            self.settings,
            self.faults,
            call,
            token,
            EDGES,
            self.world.next_answer_number(),
        )
        if call.method == "DELETE" and call.segments[1:2] == ("permissions",):
            if not isinstance(self._node(request, call.segments[0]), User):
                raise no_such_object(call.segments[0], "delete")
            return Answer(200, revoke(request, self.tokens))
        if call.method != "GET":
            raise no_such_object(call.path.rsplit("/", 1)[-1], call.method.lower())
        if call.segments == ("debug_token",):
            return Answer(200, debug_token(request, self.tokens))
        if "ids" in call.params:
            raise closed_feature()
        return Answer(200, self._answer_path(request))

    def _check_version(self, call: Call) -> None:
        version = call.version
        if version is not None and float(version[1:]) > self.newest_version:
            message = f"Unknown path components: /{version}"
            raise syntax_error(message)

    def _answer_path(self, request: GraphRequest) -> dict[str, Any]:
        segments = request.call.segments
        if not segments or len(segments) > 2:
            message = f"Unknown path components: {request.call.path}"
            raise syntax_error(message)
        return self._answer_node(request, self._node(request, segments[0]), segments[1:])

    def _node(self, request: GraphRequest, name: str) -> Node:
        """Return the node with an id or `me`; the token of the app may name persons by id."""
        people = {person.id: person for person in (USER, SYSTEM_USER)}
        if request.token.kind == "app" and name in people:
            return people[name]
        own = name == "me" or name in people
        return self._own_node(request) if own else request.find(name)

    def _answer_node(
        self, request: GraphRequest, node: Node, edge: tuple[str, ...]
    ) -> dict[str, Any]:
        if edge:
            return edge_of(request, node, edge[0])(request, node)
        fields = request.fields("id,name" if isinstance(node, (User, Page, Business)) else "id")
        return select(request, node, fields, indirectly=False)

    def _own_node(self, request: GraphRequest) -> Node:
        token = request.token
        if token.kind == "page" and token.page is not None:
            return token.page
        if token.account is not None:
            return request.find(token.account.id)
        if token.kind == "app":
            raise missing_token()
        return SYSTEM_USER if token.kind == "system_user" else USER
