"""Meta's side of consent: where to ask a person for it, and what a code or a token turns into.

Facebook login, manual flow: a code becomes a token of an hour, that one a token of 60 days.
Business login for Instagram: the same at other addresses; that token can be renewed for ever.
Where Meta documents a parameter of the address for a secret, the secret is in it, and the address
in no log line; everywhere else it goes in a header or a body.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import requests

from tap_instagram_business.credentials import redaction
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.graph.access import Access
from tap_instagram_business.graph.auth import BearerToken, appsecret_proof
from tap_instagram_business.graph.errors import GraphError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_SECONDS = 30.0
PLACES = {
    ("facebook", "dialog"): "https://www.facebook.com/{version}/dialog/oauth",
    ("facebook", "code"): "https://graph.facebook.com/{version}/oauth/access_token",
    ("facebook", "exchange"): "https://graph.facebook.com/{version}/oauth/access_token",
    ("facebook", "permissions"): "https://graph.facebook.com/{version}/{user}/permissions",
    ("instagram", "dialog"): "https://www.instagram.com/oauth/authorize",
    ("instagram", "code"): "https://api.instagram.com/oauth/access_token",
    ("instagram", "exchange"): "https://graph.instagram.com/access_token",
    ("instagram", "refresh"): "https://graph.instagram.com/refresh_access_token",
}
SCOPES = {
    "facebook": (
        "instagram_basic",
        "instagram_manage_insights",
        "pages_show_list",
        "pages_read_engagement",
    ),
    "instagram": ("instagram_business_basic", "instagram_business_manage_insights"),
}
COMMENTS_SCOPE = {
    "facebook": "instagram_manage_comments",
    "instagram": "instagram_business_manage_comments",
}


@dataclass(frozen=True)
class App:
    """The Meta app that asks for consent.

    Attributes:
        login: `facebook` or `instagram`; each has an id and a secret of its own.
        app_id: The app's id.
        app_secret: The app's secret.
        api_version: Such as `v25.0`.
        api_url: Another host than Meta's.
    """

    login: str
    app_id: str = ""
    app_secret: str = field(default="", repr=False)
    api_version: str = Access.api_version
    api_url: str = ""

    @property
    def known(self) -> bool:
        """Whether it can act in its own name."""
        return bool(self.app_id and self.app_secret)

    @property
    def token(self) -> str:
        """The app's own token (Graph API: app access tokens)."""
        return f"{self.app_id}|{self.app_secret}"

    def need(self) -> None:
        """Refuse to go on without the app's id and secret.

        Raises:
            CredentialsError: one is missing.
        """
        if not self.known:
            message = (
                "The Meta app is not known: set TAP_INSTAGRAM_BUSINESS_APP_ID and "
                "TAP_INSTAGRAM_BUSINESS_APP_SECRET, both from the app's dashboard"
            )
            raise CredentialsError(message)

    def access(self) -> Access:
        """Return how it asks the Graph API."""
        return Access(
            login=self.login,
            api_version=self.api_version,
            app_secret=self.app_secret,
            api_url=self.api_url,
        )

    def place(self, purpose: str, **parts: str) -> str:
        """Return an address of its login."""
        address = PLACES[self.login, purpose].format(version=self.api_version, **parts)
        if not self.api_url:
            return address
        return f"{self.api_url.rstrip('/')}/{address.split('/', 3)[3]}"


@dataclass(frozen=True)
class Grant:
    """What Meta gave: a token, its seconds to live if it said so, and the permissions it named."""

    token: str = field(repr=False)
    seconds: int | None = None
    scopes: tuple[str, ...] = ()


def consent_url(
    app: App, *, redirect_uri: str, state: str, scopes: Sequence[str], config_id: str = ""
) -> str:
    """Return the address at which a person gives consent."""
    wish = {"config_id": config_id} if config_id else {"scope": ",".join(scopes)}
    query = {
        "client_id": app.app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
        **wish,
    }
    return f"{app.place('dialog')}?{urlencode(query)}"


def redeem(app: App, code: str, redirect_uri: str) -> Grant:
    """Turn a code into a token of an hour.

    Raises:
        CredentialsError: Meta refuses the code.
    """
    form = {
        "client_id": app.app_id,
        "client_secret": app.app_secret,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
        "code": code,
    }
    redaction.remember(code)
    try:
        return _grant(_ask("POST", app.place("code"), form=form))
    except GraphError as error:
        message = (
            f"Meta refuses the code of this consent: {error}; a code is good once, for an hour"
        )
        raise CredentialsError(message) from None


def exchange(app: App, token: str) -> Grant:
    """Turn a token of an hour into one of 60 days.

    Raises:
        GraphError: Meta refuses it; the Instagram login does so for one that is long-lived.
    """
    if app.login == "facebook":
        form = {
            "grant_type": "fb_exchange_token",
            "client_id": app.app_id,
            "client_secret": app.app_secret,
            "fb_exchange_token": token,
        }
        return _grant(_ask("POST", app.place("exchange"), form=form))
    query = {
        "grant_type": "ig_exchange_token",
        "client_secret": app.app_secret,
        "access_token": token,
    }
    return _grant(_ask("GET", app.place("exchange"), query=query))


def refresh(app: App, token: str) -> Grant:
    """Renew a token of the Instagram login for another 60 days; it must be a day old.

    Raises:
        GraphError: Meta refuses it.
    """
    query = {"grant_type": "ig_refresh_token", "access_token": token}
    return _grant(_ask("GET", app.place("refresh"), query=query))


def revoke(app: App, user_id: str) -> None:
    """Take back a person's consent to the app (Graph API: DELETE /{user-id}/permissions).

    Raises:
        GraphError: Meta refuses.
    """
    query = {"appsecret_proof": appsecret_proof(app.token, app.app_secret)}
    _ask("DELETE", app.place("permissions", user=user_id), query=query, token=app.token)


def _ask(
    method: str,
    address: str,
    *,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    token: str = "",
) -> Mapping[str, Any]:
    """Ask once: a code is good once, and the rest is asked for again by whoever asked for it."""
    redaction.remember(*((query or form or {}).get(name, "") for name in SECRET_PARAMETERS))
    try:
        response = requests.request(
            method,
            address,
            params=query,
            data=form,
            auth=BearerToken(token) if token else _anonymous,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        body: Any = response.json()
    except requests.RequestException as error:
        message = f"{address} gives no answer ({type(error).__name__}): check the network"
        raise Unreachable(message) from None
    return _judged(body, response.status_code)


SECRET_PARAMETERS = ("access_token", "client_secret", "fb_exchange_token", "appsecret_proof")


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from looking for a password in ~/.netrc."""
    return request


def _judged(body: Any, status: int) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """Return an answer; api.instagram.com has a shape of its own for errors."""
    if not isinstance(body, dict):
        body = {"error": {"code": -1, "message": f"HTTP {status} without an answer"}}
    error = body.get("error")
    if "error_message" in body:
        error = {"code": body.get("code"), "message": body["error_message"]}
    if isinstance(error, dict):
        message = redaction.scrub(str(error.get("message") or ""))
        raise GraphError({**error, "message": message}, status)
    return dict(body)


def _grant(body: Mapping[str, Any]) -> Grant:
    """Read a token's answer, which is flat or, from the Instagram login, a list under `data`."""
    listed = body.get("data")
    found = listed[0] if isinstance(listed, list) and listed else body
    token = found.get("access_token")
    if not token:
        message = "Meta's answer holds no token: try again"
        raise CredentialsError(message)
    redaction.remember(token)
    scopes = found.get("permissions") or ()
    seconds = found.get("expires_in")
    return Grant(
        token=token,
        seconds=int(seconds) if seconds else None,
        scopes=tuple(scopes.split(",") if isinstance(scopes, str) else scopes),
    )
