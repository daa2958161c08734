"""From a person's consent to the records of the accounts that it covers.

Meta redirects the browser to an address with a code in its query. On this machine the code is
received by listening on localhost; if the browser is elsewhere, the user pastes the address.

The token that is stored for an account gives no more access than needed. With the Facebook login it
is the token of a Page, which reads one account and does not expire, and not the token of the
person, which reads all accounts and expires.
"""

from __future__ import annotations

import hmac
import queue
import threading
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tap_instagram_business import redaction
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.debug_token import TokenFacts
from tap_instagram_business.graph.discovery import discover_accounts
from tap_instagram_business.graph.errors import GraphError
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.vault import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.client import GraphClient
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.oauth import App, Grant
    from tap_instagram_business.tokens.tombstones import Tombstones
    from tap_instagram_business.tokens.vault import Vault

LOOPBACK = frozenset({"localhost", "127.0.0.1"})
PAGE = (
    b"<!doctype html><meta charset=utf-8><title>tap-instagram-business</title>"
    b"<p>The terminal shows the result. You can close this window."
)
PAUSES_SECONDS = (0.0, 0.5, 2.0, 8.0)
"""How long to wait before each attempt to store a record while other processes change the account.
An erasure that is under way ends meanwhile: it tries more often than this."""


def can_receive(redirect_uri: str) -> bool:
    """Whether the redirect can be received on localhost, which is possible with http only."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


class RedirectListener(ThreadingHTTPServer):
    """Listens on localhost for the redirect that ends a consent.

    Every program and every web page on this machine can send requests here. So each request has a
    thread of its own, and requests without the right state change nothing.

    Args:
        redirect_uri: The address to which Meta sends the browser.
        state: The random text that was sent to the consent page; the redirect must bring it back.
    """

    daemon_threads = True

    def __init__(self, redirect_uri: str, state: str) -> None:
        parts = urlsplit(redirect_uri)
        self._path = parts.path or "/"
        self._state = state
        self._queries: queue.Queue[Mapping[str, str]] = queue.Queue()
        try:
            super().__init__(("127.0.0.1", parts.port or 80), _Handler)
        except OSError as error:
            raise CredentialsError(
                f"The redirect cannot be received at {redirect_uri} ({error.strerror}): choose "
                "another port with --redirect-uri, or paste the address with --paste"
            ) from None
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Wait for the redirect and return its query parameters.

        Raises:
            CredentialsError: The redirect did not come in time.
        """
        try:
            return self._queries.get(timeout=seconds)
        except queue.Empty:
            raise CredentialsError(
                f"The consent page did not redirect here within {seconds:g} s: try again, with "
                "--paste if the browser is on another machine"
            ) from None

    def receive(self, target: str) -> int:
        """Take the redirect, and return the HTTP status of the answer to a request."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if parts.path != self._path or not query.keys() & {"code", "error"}:
            return 404
        if not has_state(query, self._state):
            return 403
        self._queries.put(query)
        return 200

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that goes away is none of the user's concern."""


class _Handler(BaseHTTPRequestHandler):
    server: RedirectListener
    timeout = 5

    def do_GET(self) -> None:
        status = self.server.receive(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        if status == HTTPStatus.OK:
            self.wfile.write(PAGE)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing, because the address contains the code."""


def has_state(query: Mapping[str, str], state: str) -> bool:
    """Whether the query parameters of a redirect bring back the state of this consent."""
    return hmac.compare_digest(query.get("state", "").encode(), state.encode())


def pasted_query(address: str) -> Mapping[str, str]:
    """Return the query parameters of an address that the user pasted."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def code_from(query: Mapping[str, str], state: str) -> str:
    """Return the code in the query parameters of a redirect.

    Args:
        query: The query parameters.
        state: The random text that was sent to the consent page; the redirect must bring it back.

    Raises:
        CredentialsError: The redirect belongs to another consent, consent was denied, or there is
            no code.
    """
    if not has_state(query, state):
        raise CredentialsError(
            "This address belongs to another consent (its state differs), so it was not used: run "
            "`tap-instagram-business connect` again and use the newest page"
        )
    if "error" in query:
        reason = query.get("error_description") or query.get("error_reason") or query["error"]
        raise CredentialsError(f"Consent was not given ({reason}): nothing was stored")
    if not query.get("code"):
        message = "This address contains no code: paste the whole address that the browser shows"
        raise CredentialsError(message)
    return query["code"]


def make_long_lived(client: GraphClient, app: App, grant: Grant) -> Grant:
    """Return a long-lived token for a token of unknown age if Meta issues one, else the same token.

    A failure says nothing about the token: Meta refuses to exchange a token that is long-lived
    already, such as one from the app's dashboard, and cannot exchange the tokens of Pages and
    system users.

    Raises:
        GraphFailure: Meta does not answer.
    """
    methods = [oauth.exchange] if app.has_credentials else []
    if app.login == "instagram":
        methods = [oauth.refresh, *methods]
    elif next(app.token_facts(client, [grant.token])).kind != "user":
        methods = []
    for method in methods:
        try:
            longer = method(app, grant.token)
        except GraphError:
            continue
        return replace(longer, scopes=longer.scopes or grant.scopes)
    return grant


@dataclass(frozen=True)
class Connections:
    """What a newly issued token can be used for.

    Attributes:
        records: The records of the accounts that can be connected, by the labels of the accounts.
        without_page_token: A sentence for each account of a Page whose token Meta does not give.
            The person's own token would read it, but it gives more access than is needed.
        permissions: The permissions that were granted; empty if Meta does not say.
    """

    records: Mapping[str, Record]
    without_page_token: Sequence[str]
    permissions: Sequence[str]


def discover_connections(
    client: GraphClient, app: App, grant: Grant, account_ids: Sequence[str] = ()
) -> Connections:
    """Find the accounts that a token can read.

    Args:
        client: The Graph API.
        app: The app that the token was issued to.
        grant: The token.
        account_ids: The accounts to connect; empty for all.

    Raises:
        GraphFailure: Meta does not answer, the token reads no account, or it cannot read one of
            `account_ids`.
    """
    found = discover_accounts(
        client, grant.token, account_ids=account_ids, fields=["id", "username"]
    )
    for error in found.unread.values():
        raise error
    accounts, without_page_token = _with_page_tokens(client, found.accounts)
    facts = [*app.token_facts(client, [account.token for account in accounts])]
    now = client.now()
    if app.login == "instagram":
        # `debug_token` does not know these tokens. The field `id` of the account is the id, within
        # the app, of the person who gave consent.
        ids = [str(account.node.get("id") or "") for account in accounts]
        facts = [TokenFacts(user_id=name, expires=grant.expires(now)) for name in ids]
    records = {
        account.label: Record(
            account_id=account.id,
            login=app.login,
            token=account.token,
            user_id=known.user_id,
            obtained=now,
            expires=known.expires,
            data_access_expires=known.data_access_expires,
        )
        for account, known in zip(accounts, facts, strict=True)
    }
    scopes = (scope for known in facts for scope in known.scopes)
    permissions = {*grant.scopes, *(found.permissions or ()), *scopes}
    return Connections(records, without_page_token, sorted(permissions))


def store(record: Record, vault: Vault, tombstones: Tombstones, keys: KeyRing) -> bool:
    """Store the record of an account that was connected, and remove the mark that it was erased.

    Returns:
        Whether it was stored; if not, the account keeps its token, which expires later.

    Raises:
        CredentialsError: The vault cannot be read or written, or other processes change the account
            again and again.
    """
    name = record.account_id
    for pause in PAUSES_SECONDS:
        time.sleep(pause)
        tombstones.remove([name])
        before = vault.read(keys, [name]).verified.get(name)
        if before and record.is_worse_than(before):
            return False
        version = before.version if before else vault.version(name)
        stored = vault.write(replace(record, version=version or ""), keys)
        if stored and not tombstones.marked([name]):
            return True
    if tombstones.marked([name]):
        vault.delete([name])
    message = f"Account {name} was erased or changed at the same time: connect it again"
    raise CredentialsError(message)


def _with_page_tokens(
    client: GraphClient, accounts: Sequence[Account]
) -> tuple[list[Account], list[str]]:
    """Ask for the token of each account's Page.

    Returns:
        The accounts with these tokens, and why accounts are left out whose Page's token Meta does
        not give. An account that was not found through a Page keeps its token.
    """
    params = {"fields": "access_token"}
    calls = [
        Call(account.page["id"], params=params, token=account.token, context=account.id)
        for account in accounts
        if account.page.get("id")
    ]
    results = {result.call.context: result for result in client.send_all(calls)}
    connected, without_token = [], []
    for account in accounts:
        result = results.get(account.id)
        if result is None:
            connected.append(account)
        elif token := str(result.data.get("access_token") or ""):
            redaction.remember(token)
            connected.append(replace(account, token=token))
        else:
            without_token.append(
                f"{account.label} is not connected, because Meta does not give the token of its "
                f"Page ({result.error or 'the answer has none'}): the person needs a role on the "
                "Page; try again"
            )
    return connected, without_token
