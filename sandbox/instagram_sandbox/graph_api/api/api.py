"""The API: a call goes in, an answer comes out; no sockets here."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.debug_token import debug_token
from instagram_sandbox.graph_api.api.edge_table import EDGES
from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    missing_token,
    no_such_object,
    parameter,
    syntax_error,
    unknown_alias,
)
from instagram_sandbox.graph_api.api.facebook_login import FacebookLogin, revoke
from instagram_sandbox.graph_api.api.instagram_login import InstagramLogin
from instagram_sandbox.graph_api.api.nodes import edge_of, select
from instagram_sandbox.graph_api.api.reading import (
    SYSTEM_USER,
    USER,
    Node,
    Reading,
    User,
    owner,
)
from instagram_sandbox.graph_api.api.tokens import TokenBook
from instagram_sandbox.graph_api.world.accounts import Business, Page

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.settings import ApiSettings
    from instagram_sandbox.graph_api.world import World

MOST_IDS = 50
OLDEST_VERSION, NEWEST_VERSION = 21.0, 26.0
"""Calls to newer versions fail; those to versions that have ended are served by the oldest."""


class Api:
    """Answers calls about a world.

    Attributes:
        world: What is answered about.
        settings: How it is answered.
        tokens: Who may ask.
        oldest_version: The oldest version that has not been switched off.
    """

    def __init__(self, world: World, settings: ApiSettings, started: datetime) -> None:
        self.world = world
        self.settings = settings
        self.tokens = TokenBook(world, settings, started)
        self.oldest_version = OLDEST_VERSION
        self._numbers = count(1)
        login = InstagramLogin if world.settings.login == "instagram" else FacebookLogin
        self._logins = login(world, settings, self.tokens).doors()

    def answer(self, call: Call) -> Answer:
        """Answer one call; errors are answers too."""
        try:
            return self._answer(call)
        except GraphError as error:
            return self.refuse(error)

    def refuse(self, error: GraphError, account_id: str | None = None) -> Answer:
        """Give the answer that an error is."""
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
        """Give the version that answers a call: an older one than asked for never does."""
        asked = float(call.version[1:]) if call.version else self.oldest_version
        return f"v{max(asked, self.oldest_version):.1f}"

    def trace(self) -> str:
        """Give a new fbtrace_id."""
        return f"A{next(self._numbers):010x}"

    def account_of(self, call: Call) -> str | None:
        """Give the account whose allowance a call counts against, if it is about one."""
        first = call.segments[0] if call.segments else ""
        name = call.params.get("ids", "").split(",")[0] or first
        token = self.tokens.get(call.token)
        if name == "me":
            own = token.account or (token.page.account if token.page else None) if token else None
            return own.id if own else None
        thing = self.world.find(name)
        account = owner(thing) if thing is not None else None
        return account.id if account else None

    def _answer(self, call: Call) -> Answer:
        _check_version(call)
        door = self._logins.get((call.method, call.segments))
        if door is not None:
            return door(call)
        proof = call.params.get("appsecret_proof")
        token = self.tokens.open(call.token, proof, call.now)
        reading = Reading(self.world, self.settings, call, token, EDGES, self.world.next_reading())
        if call.method == "DELETE" and call.segments[1:2] == ("permissions",):
            if not isinstance(self._named(reading, call.segments[0]), User):
                raise no_such_object(call.segments[0], "delete")
            return Answer(200, revoke(reading, self.tokens))
        if call.method != "GET":
            raise no_such_object(call.path.rsplit("/", 1)[-1], call.method.lower())
        if call.segments == ("debug_token",):
            return Answer(200, debug_token(reading, self.tokens))
        if "ids" in call.params:
            return Answer(200, self._many(reading))
        return Answer(200, self._one(reading))

    def _one(self, reading: Reading) -> dict[str, Any]:
        segments = reading.call.segments
        if not segments or len(segments) > 2:
            message = f"Unknown path components: {reading.call.path}"
            raise syntax_error(message)
        return self._read(reading, self._named(reading, segments[0]), segments[1:])

    def _named(self, reading: Reading, name: str) -> Node:
        """Give the node of that name; the app's own token may name the people who use it."""
        people = {person.id: person for person in (USER, SYSTEM_USER)}
        if reading.token.kind == "app" and name in people:
            return people[name]
        own = name == "me" or name in people
        return self._me(reading) if own else reading.find(name)

    def _many(self, reading: Reading) -> dict[str, Any]:
        """Answer `?ids=`: everything, or the first error."""
        ids = [name.strip() for name in reading.call.params["ids"].split(",") if name.strip()]
        if not ids:
            message = "The parameter ids is required"
            raise parameter(message)
        if len(ids) > MOST_IDS:
            message = f"Too many IDs. Maximum: {MOST_IDS}. Provided: {len(ids)}."
            raise parameter(message)
        unknown = [name for name in ids if self.world.find(name) is None]
        if unknown:
            raise unknown_alias(", ".join(unknown))
        segments = reading.call.segments
        return {name: self._read(reading, reading.find(name), segments) for name in ids}

    def _read(self, reading: Reading, node: Node, edge: tuple[str, ...]) -> dict[str, Any]:
        if edge:
            return edge_of(reading, node, edge[0])(reading, node)
        fields = reading.fields("id,name" if isinstance(node, (User, Page, Business)) else "id")
        return select(reading, node, fields, indirectly=False)

    def _me(self, reading: Reading) -> Node:
        token = reading.token
        if token.kind == "page" and token.page is not None:
            return token.page
        if token.account is not None:
            return reading.find(token.account.id)
        if token.kind == "app":
            raise missing_token()
        return SYSTEM_USER if token.kind == "system_user" else USER


def _check_version(call: Call) -> None:
    version = call.version
    if version is not None and float(version[1:]) > NEWEST_VERSION:
        message = f"Unknown path components: /{version}"
        raise syntax_error(message)
