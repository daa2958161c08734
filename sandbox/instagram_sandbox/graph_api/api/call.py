"""A call to the API and its answer: one HTTP request, or one operation of a batch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    from datetime import datetime

SECRET_PARAMS = frozenset(
    {"access_token", "appsecret_proof", "client_secret", "fb_exchange_token", "input_token", "code"}
)


@dataclass(frozen=True)
class Call:
    """What is asked.

    Attributes:
        method: GET, POST or DELETE.
        path: The path, version included: `/v25.0/me`.
        params: Query and form parameters.
        now: The moment at which everything in the answer holds.
        base_url: What `paging.next` begins with.
        token: The access token, wherever it was given.
        token_in_url: Whether it was given as a parameter.
    """

    method: str
    path: str
    params: dict[str, str]
    now: datetime
    base_url: str
    token: str | None = None
    token_in_url: bool = False

    @classmethod
    def read(  # noqa: PLR0913 - what an HTTP request is made of
        cls,
        method: str,
        target: str,
        form: str,
        *,
        bearer: str | None,
        now: datetime,
        base_url: str,
    ) -> Call:
        """Read a call from a request's target, form body and bearer token."""
        parts = urlsplit(target)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        params |= dict(parse_qsl(form, keep_blank_values=True))
        given = params.pop("access_token", None)
        path = "/" + parts.path.strip("/")
        return cls(method, path, params, now, base_url, given or bearer, given is not None)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's parts, without the version."""
        parts = tuple(part for part in self.path.split("/") if part)
        return parts[1:] if parts and is_version(parts[0]) else parts

    @property
    def version(self) -> str | None:
        """The version in the path, None for an unversioned call."""
        first = self.path.split("/")[1]
        return first if is_version(first) else None

    @property
    def public_params(self) -> dict[str, str]:
        """The parameters without those that are secret."""
        return {name: value for name, value in self.params.items() if name not in SECRET_PARAMS}

    def text(self) -> str:
        """Write the call down, without secrets, in a form that can be searched."""
        query = "&".join(f"{name}={value}" for name, value in self.public_params.items())
        return f"{self.method} {self.path}?{query}"

    def link(self, **params: str) -> str:
        """Give the address of this call with other parameters, as `paging.next` has it.

        A token that came as a parameter is in it again, as Meta does it.
        """
        token = {"access_token": self.token or ""} if self.token_in_url else {}
        return f"{self.base_url}{self.path}?{urlencode({**token, **self.params, **params})}"

    def about(self, path: str, params: dict[str, str]) -> Call:
        """Give the call for a part of the answer: the same reader, another path."""
        return replace(self, path=path, params=params)


def is_version(segment: str) -> bool:
    """Whether a path segment is a version: `v25.0`."""
    return segment[:1] == "v" and segment[1:].replace(".", "", 1).isdigit()


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Attributes:
        status: The HTTP status.
        body: The JSON body; text is sent as it is.
        headers: Headers beyond the usual ones.
        account_id: The account whose allowance the call counted against, if any.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    account_id: str | None = None

    def text(self) -> str:
        """Give the body as it is sent."""
        if isinstance(self.body, str):
            return self.body
        return json.dumps(self.body, ensure_ascii=True, separators=(",", ":"))
