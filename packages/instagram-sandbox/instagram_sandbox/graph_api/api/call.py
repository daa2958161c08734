"""A call to the API and its answer: an HTTP request, or an operation of a batch."""

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
    """A call to the API.

    Attributes:
        method: GET, POST or DELETE.
        path: The path with the version: `/v25.0/me`.
        params: Query and form parameters, without the access token.
        now: Moment of the call; all numbers in the answer are those of this moment.
        base_url: Scheme, host and port of the links in the answer.
        token: The access token, from a parameter or from the Authorization header.
        token_in_url: Whether the token was a parameter.
    """

    method: str
    path: str
    params: dict[str, str]
    now: datetime
    base_url: str
    token: str | None = None
    token_in_url: bool = False

    @classmethod
    def read(  # noqa: PLR0913 - the parts of an HTTP request
        cls,
        method: str,
        target: str,
        form: str,
        *,
        bearer: str | None,
        now: datetime,
        base_url: str,
    ) -> Call:
        """Read a call from an HTTP request.

        Args:
            method: HTTP method.
            target: Path and query.
            form: Body of the request, form-encoded.
            bearer: Token of the Authorization header, or None.
            now: Moment of the call.
            base_url: Scheme, host and port of the links in the answer.
        """
        parts = urlsplit(target)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        params |= dict(parse_qsl(form, keep_blank_values=True))
        given = params.pop("access_token", None)
        path = "/" + parts.path.strip("/")
        return cls(method, path, params, now, base_url, given or bearer, given is not None)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path, without the version."""
        parts = tuple(part for part in self.path.split("/") if part)
        return parts[1:] if parts and is_version(parts[0]) else parts

    @property
    def version(self) -> str | None:
        """The version in the path, such as `v25.0`, or None."""
        first = self.path.split("/")[1]
        return first if is_version(first) else None

    @property
    def public_params(self) -> dict[str, str]:
        """The parameters without the secret ones."""
        return {name: value for name, value in self.params.items() if name not in SECRET_PARAMS}

    def text(self) -> str:
        """Return the call as one line without secrets, such as `GET /v25.0/me?fields=id`."""
        query = "&".join(f"{name}={value}" for name, value in self.public_params.items())
        return f"{self.method} {self.path}?{query}"

    def link(self, **params: str) -> str:
        """Return the URL of this call with some parameters changed, for `paging.next`.

        If the token was a parameter, it is in the URL, as in Meta's answers.
        """
        token = {"access_token": self.token or ""} if self.token_in_url else {}
        return f"{self.base_url}{self.path}?{urlencode({**token, **self.params, **params})}"

    def with_path(self, path: str, params: dict[str, str]) -> Call:
        """Return the call with another path and other parameters."""
        return replace(self, path=path, params=params)


def is_version(segment: str) -> bool:
    """Return whether a part of a path is a version, such as `v25.0`."""
    return segment[:1] == "v" and segment[1:].replace(".", "", 1).isdigit()


@dataclass(frozen=True)
class Answer:
    """An answer of the API.

    Attributes:
        status: The HTTP status.
        body: The JSON body; a text is sent unchanged.
        headers: Headers in addition to the usual ones.
        account_id: Id of the account that the call was about, or None.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    account_id: str | None = None

    def text(self) -> str:
        """Return the body as text."""
        if isinstance(self.body, str):
            return self.body
        return json.dumps(self.body, ensure_ascii=True, separators=(",", ":"))
