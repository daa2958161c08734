"""What is asked of the Graph API, and what came back."""

from __future__ import annotations

import functools
import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from typing_extensions import Self, override

from tap_instagram_business.graph.bodies import as_list
from tap_instagram_business.graph.error_table import Action, Reason
from tap_instagram_business.graph.insights import Insights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.graph.errors import CallError

logger = logging.getLogger("tap-instagram-business.graph")

LACKS_CAPABILITY = 3
"""Meta's code for a call that the app may not make."""
EMPTY_LIST: Mapping[str, Any] = {"data": []}


@dataclass(frozen=True)
class Call:
    """One GET: `/{node}/{edge}?{params}`.

    Attributes:
        node: an id, or `me`.
        edge: the edge of the node; '' for the node's own fields.
        params: query parameters, without the token.
        token: the access token to ask with.
        context: anything that the caller wants back together with the result.
        account_id: the account that the node belongs to, where the node is not an account itself.
        is_secret: whether its parameters must not stand in a URL, which proxies and servers log.
        tolerated: the code of an error that ends a run, but is only about this call.
    """

    node: str
    edge: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)
    context: Any = None
    account_id: str = ""
    is_secret: ClassVar[bool] = False
    tolerated: ClassVar[int | None] = None

    @property
    def quota_account(self) -> str:
        """The account whose rate limit this call uses."""
        return self.account_id or self.node

    @property
    def path(self) -> str:
        """The path below the API version."""
        node = quote(self.node, safe="")
        return f"{node}/{self.edge}" if self.edge else node

    @property
    def query(self) -> Mapping[str, str]:
        """All query parameters but the token."""
        return self.params

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to ask for."""
        return False

    def is_answered_by(self, body: Mapping[str, Any]) -> bool:
        """Return whether a body has the shape of an answer: a node's `id`, an edge's `data`."""
        if not self.edge:
            return "id" in body
        return isinstance(body.get("data"), list)

    def trim(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is kept in memory of an answer to this call; usually all of it."""
        return body

    def retry_variant(self, error: CallError) -> Self | None:
        """Return the call to try after an error; None if no other call would help."""
        if error.rule.action is Action.LESS and (less := self.smaller()) is not self:
            return less
        name = error.refused_field if error.rule.action is Action.DROP_FIELD else ""
        fields = self.params.get("fields", "")
        without = without_field(fields, name) if name else fields
        if without == fields:
            return None
        logger.warning("Meta has no field %s on %s: it stays empty.", name, self.edge or "node")
        return self.with_params(fields=without)

    def smaller(self) -> Self:
        """Return the call for half as many items of its list; itself if it cannot be smaller."""
        limit = int(self.params.get("limit", "1")) // 2
        return self.with_params(limit=str(limit)) if limit else self

    def with_context(self, context: object) -> Self:
        """Return the same call with a context, which comes back with its result."""
        return replace(self, context=context)

    def with_params(self, **params: str) -> Self:
        """Return the same call with other parameters."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class ListCall(Call):
    """A list of nodes, of which a single one may be the reason why a page is refused."""

    def one_node(self, node_id: str) -> Call:
        """Return the call for a node of this list, with the fields that the list is asked for."""
        fields = {"fields": self.params.get("fields", "id")}
        return Call(node_id, params=fields, token=self.token, account_id=self.quota_account)


@dataclass(frozen=True)
class OptionalCall(Call):
    """A call that may be refused for lack of permission; a refusal is not an error of the run.

    It is not repeated with fewer fields either: the edge itself may not exist for this token.
    """

    tolerated = LACKS_CAPABILITY

    @override
    def retry_variant(self, error: CallError) -> Self | None:
        return None if error.rule.action is Action.DROP_FIELD else super().retry_variant(error)


@dataclass(frozen=True)
class SecretCall(Call):
    """A call whose parameters hold a secret (debug_token): it is sent in a request's body."""

    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_secret = True

    @override
    def is_answered_by(self, body: Mapping[str, Any]) -> bool:
        return isinstance(body.get("data"), dict)


def without_field(fields: str, name: str) -> str:
    """Return `id,caption,children{id,caption}` without a field, wherever it stands."""
    without = re.sub(rf"\b{name}\b(\.limit\(\d+\))?(\{{[^}}]*\}})?", "", fields)
    return re.sub(r",+", ",", without).replace("{,", "{").replace(",}", "}").strip(",")


def objects(listed: object) -> list[dict[str, Any]]:
    """Return the objects of what ought to be a list of objects."""
    return [item for item in as_list(listed) if isinstance(item, dict)]


@dataclass(frozen=True)
class Result:
    """The result of a call: data, or the error that remains after all retries.

    Attributes:
        call: the call as it was last sent.
        data: Meta's answer; an empty list where there is an error.
        error: why there is no data.
        refused_nodes: the nodes of a list that could not be read, by id, each with Meta's error.
    """

    call: Call
    data: Mapping[str, Any] = field(default_factory=lambda: EMPTY_LIST, repr=False)
    error: CallError | None = None
    refused_nodes: Mapping[str, CallError] = field(default_factory=dict)

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """The objects of a list, as Meta gave them."""
        return objects(self.data["data"])

    @functools.cached_property
    def insights(self) -> Insights:
        """The figures in an answer of an insights edge."""
        return Insights(self.data, self.call.params.get("breakdown", ""))

    @property
    def ends_account(self) -> bool:
        """Whether it means that the account cannot be read in this run."""
        action = self.error.rule.action if self.error else None
        is_about_account = self.call.quota_account == self.call.node
        is_refused = is_about_account and action in {Action.GONE, Action.DENIED}
        return is_refused or action is Action.SKIP_ACCOUNT

    @property
    def has_failed(self) -> bool:
        """Whether Meta failed at the call, so that the next run asks for the same again."""
        return self.error is not None and self.error.reason is Reason.META_ERROR
