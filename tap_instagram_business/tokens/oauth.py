"""OAuth at Meta: the consent page, and the tokens that codes and older tokens are exchanged for.

Facebook Login (manual flow): a code is exchanged for a token that lives for an hour, and this token
for one that lives for 60 days. Business Login for Instagram does the same at other addresses, and
its long-lived tokens can be renewed again and again.

Secrets are sent in a header or in the body. Where Meta's documentation has a secret as a parameter
of the address, it is sent there, and the address is never logged.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import requests

from tap_instagram_business import redaction
from tap_instagram_business.graph.api import ApiConfig, BearerToken, appsecret_proof
from tap_instagram_business.graph.bodies import UnreadableBody, parse_json, read_body, whole_number
from tap_instagram_business.graph.debug_token import TokenFacts, debug_tokens
from tap_instagram_business.graph.errors import GraphError, Unreachable
from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.graph.client import GraphClient

TIMEOUT_SECONDS = 30.0
MAX_BODY_BYTES = 1024 * 1024
MAX_LIFETIME_SECONDS = 10 * 365 * 24 * 3600
"""No token lives longer: a larger number counts as not said."""
TOKEN = re.compile("[\\x21-\\x7e]+")
"""A token can be sent in a header: it has neither spaces nor line breaks."""
URLS = {
    ("facebook", "dialog"): "https://www.facebook.com/{version}/dialog/oauth",
    ("facebook", "code"): "https://graph.facebook.com/{version}/oauth/access_token",
    ("facebook", "exchange"): "https://graph.facebook.com/{version}/oauth/access_token",
    ("facebook", "permissions"): "https://graph.facebook.com/{version}/{user}/permissions",
    ("instagram", "dialog"): "https://www.instagram.com/oauth/authorize",
    ("instagram", "code"): "https://api.instagram.com/oauth/access_token",
    ("instagram", "exchange"): "https://graph.instagram.com/access_token",
    ("instagram", "refresh"): "https://graph.instagram.com/refresh_access_token",
}
"""The addresses of each login, by login and purpose."""
SCOPES = {
    "facebook": (
        "instagram_basic",
        "instagram_manage_insights",
        "pages_show_list",
        "pages_read_engagement",
    ),
    "instagram": ("instagram_business_basic", "instagram_business_manage_insights"),
}
"""The permissions that each login asks for."""
COMMENTS_SCOPE = {
    "facebook": "instagram_manage_comments",
    "instagram": "instagram_business_manage_comments",
}
"""The permission to read comments, which is asked for on request only."""
SECRET_PARAMETERS = ("access_token", "client_secret", "fb_exchange_token", "appsecret_proof")


@dataclass(frozen=True)
class App(ApiConfig):
    """The Meta app in whose name consent is asked for and the Graph API is called.

    Attributes:
        app_id: The app's id for its login. An app has an id and a secret for each of Meta's logins.
    """

    app_id: str = ""

    @property
    def has_credentials(self) -> bool:
        """Whether the app's id and secret are both set."""
        return bool(self.app_id and self.app_secret)

    @property
    def token(self) -> str:
        """The app's own access token (Graph API: app access tokens)."""
        return f"{self.app_id}|{self.app_secret}"

    def require_credentials(self) -> None:
        """Check that the app's id and secret are set.

        Raises:
            CredentialsError: One of them is missing.
        """
        if not self.has_credentials:
            raise CredentialsError(
                "The Meta app is not configured: set TAP_INSTAGRAM_BUSINESS_APP_ID and "
                "TAP_INSTAGRAM_BUSINESS_APP_SECRET, which the app's dashboard shows"
            )

    def oauth_url(self, purpose: str, **parts: str) -> str:
        """Return one of the addresses of the app's login.

        Args:
            purpose: The second part of a key of `URLS`.
            parts: Values for the placeholders in the address, except its version.
        """
        quoted = {name: quote(part, safe="") for name, part in parts.items()}
        url = URLS[self.login, purpose].format(version=self.api_version, **quoted)
        if not self.api_url:
            return url
        path = url.split("/", 3)[3]
        return f"{self.api_url.rstrip('/')}/{path}"

    def token_facts(self, client: GraphClient, tokens: Sequence[str]) -> Iterator[TokenFacts]:
        """Ask Meta about tokens (Graph API: debug_token); the facts come in the tokens' order.

        The facts are empty if Meta cannot be asked: about tokens of the Instagram login, and about
        any token if the app's id or secret is missing.

        Raises:
            GraphFailure: Meta does not answer, or refuses to.
        """
        if self.login == "facebook" and self.has_credentials:
            yield from debug_tokens(client, tokens, asked_with=self.token)
        else:
            yield from (TokenFacts() for _ in tokens)


@dataclass(frozen=True)
class Grant:
    """A token that Meta has issued.

    Attributes:
        token: The token in plain text.
        expires_in: The seconds until it expires, counted from now; None if Meta did not say.
        scopes: The permissions that were granted; empty if Meta did not name them.
    """

    token: str = field(repr=False)
    expires_in: int | None = None
    scopes: tuple[str, ...] = ()

    def expires(self, now: dt.datetime) -> dt.datetime | None:
        """Return the time at which the token expires; None if Meta did not say."""
        return now + dt.timedelta(seconds=self.expires_in) if self.expires_in else None


def consent_url(
    app: App, *, redirect_uri: str, state: str, scopes: Sequence[str], config_id: str = ""
) -> str:
    """Return the address of Meta's consent page.

    Args:
        app: The app that asks for consent.
        redirect_uri: The address to which Meta sends the browser afterwards.
        state: A random text that Meta sends back, so that nobody can slip in another consent.
        scopes: The permissions to ask for, unless there is a configuration.
        config_id: A configuration of Facebook Login for Business, which names the permissions.
    """
    permissions = {"config_id": config_id} if config_id else {"scope": ",".join(scopes)}
    query = {
        "client_id": app.app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
        **permissions,
    }
    return f"{app.oauth_url('dialog')}?{urlencode(query)}"


def redeem_code(app: App, code: str, redirect_uri: str) -> Grant:
    """Exchange the code of a consent for a token that lives for an hour.

    Raises:
        CredentialsError: Meta refuses the code.
        Unreachable: Meta does not answer.
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
        return _parse_grant(_request(app, "POST", app.oauth_url("code"), form))
    except GraphError as error:
        raise CredentialsError(
            f"Meta refused the code of this consent ({error}): a code works only once and only for "
            "one hour, so run `tap-instagram-business connect` again"
        ) from None


def exchange(app: App, token: str) -> Grant:
    """Exchange a token that lives for an hour for one that lives for 60 days.

    Raises:
        GraphError: Meta refuses the token. The Instagram login refuses long-lived tokens.
        Unreachable: Meta does not answer.
    """
    url = app.oauth_url("exchange")
    if app.login == "facebook":
        form = {
            "grant_type": "fb_exchange_token",
            "client_id": app.app_id,
            "client_secret": app.app_secret,
            "fb_exchange_token": token,
        }
        return _parse_grant(_request(app, "POST", url, form))
    query = {
        "grant_type": "ig_exchange_token",
        "client_secret": app.app_secret,
        "access_token": token,
    }
    return _parse_grant(_request(app, "GET", url, query))


def refresh(app: App, token: str) -> Grant:
    """Renew a long-lived token of the Instagram login for 60 days; it must be 24 hours old.

    Raises:
        GraphError: Meta refuses the token.
        Unreachable: Meta does not answer.
    """
    query = {"grant_type": "ig_refresh_token", "access_token": token}
    return _parse_grant(_request(app, "GET", app.oauth_url("refresh"), query))


def revoke(app: App, user_id: str) -> None:
    """Revoke a person's consent to the app (Graph API: DELETE /{user-id}/permissions).

    Raises:
        GraphError: Meta refuses.
        Unreachable: Meta does not answer.
    """
    query = {"appsecret_proof": appsecret_proof(app.token, app.app_secret)}
    _request(app, "DELETE", app.oauth_url("permissions", user=user_id), query, app.token)


def _request(
    app: App, method: str, url: str, fields: Mapping[str, str], token: str = ""
) -> Mapping[str, Any]:
    """Send a request once and return the JSON object of the response.

    It is not retried: a code works once only, and a later run renews tokens again.

    Args:
        app: The app in whose name the request is sent.
        method: The HTTP method.
        url: The address without its query.
        fields: The form of a POST request; the query of any other request.
        token: The token for the Authorization header; '' for none.
    """
    redaction.remember(*(fields.get(name, "") for name in SECRET_PARAMETERS))
    session = requests.Session()
    # A proxy would read what is sent to this machine in plain text.
    session.trust_env = url.startswith("https://")
    try:
        response = session.request(
            method,
            url,
            params=None if method == "POST" else fields,
            data=fields if method == "POST" else None,
            headers={"User-Agent": app.user_agent},
            # Without any, `requests` would send a password from ~/.netrc.
            auth=BearerToken(token) if token else lambda request: request,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        )
        body: Any = parse_json(read_body(response, MAX_BODY_BYTES))
    except (requests.RequestException, UnreadableBody) as error:
        message = f"{url} gave no usable response ({type(error).__name__}): check the network"
        raise Unreachable(message) from None
    return _check_for_error(body, response.status_code)


def _check_for_error(body: Any, status: int) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """Return the JSON object of a response, or raise its error.

    Errors of api.instagram.com have a form of their own, with `error_message`.
    """
    if not isinstance(body, dict):
        body = {"error": {"code": -1, "message": f"HTTP {status} without a JSON object"}}
    error = body.get("error")
    if "error_message" in body:
        error = {"code": body.get("code"), "message": body["error_message"]}
    if isinstance(error, dict):
        raise GraphError(error, status)
    return dict(body)


def _parse_grant(body: Mapping[str, Any]) -> Grant:
    """Read a token response: a flat object, or a list of one under `data` (Instagram login)."""
    listed = body.get("data")
    fields = listed[0] if isinstance(listed, list) and listed else body
    token = fields.get("access_token") if isinstance(fields, dict) else None
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise CredentialsError("Meta's response contains no token: try again")
    redaction.remember(token)
    expires_in = whole_number(fields.get("expires_in"))
    return Grant(
        token=token,
        expires_in=expires_in if 0 < expires_in <= MAX_LIFETIME_SECONDS else None,
        scopes=_scopes(fields.get("permissions")),
    )


def _scopes(value: object) -> tuple[str, ...]:
    """Return permissions, which Meta gives as a list or as one text with commas."""
    listed = value.split(",") if isinstance(value, str) else value
    return tuple(map(str, listed)) if isinstance(listed, list) else ()
