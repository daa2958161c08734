"""The command that connects accounts."""

from __future__ import annotations

import secrets
import sys
import threading
import webbrowser
from contextlib import closing
from typing import TYPE_CHECKING

import click

from tap_instagram_business.commands.options import (
    CommandSettings,
    examples,
    pass_settings,
    read_secret,
)
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.redaction import escape
from tap_instagram_business.settings.reading import unquoted
from tap_instagram_business.settings.secrets import check_token
from tap_instagram_business.tokens import consent, oauth
from tap_instagram_business.tokens.consent import (
    discover_connections,
    make_long_lived,
    store,
)
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.tombstones import Tombstones
from tap_instagram_business.tokens.vault_tokens import shown_date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_instagram_business.tokens.oauth import App, Grant

REDIRECT_URIS = {"facebook": "http://localhost:8765/", "instagram": "https://localhost:8765/"}
"""Meta redirects to localhost for an app in development; the Instagram login requires https."""
CONSENT_TIMEOUT_SECONDS = 600.0


@click.command(
    epilog=examples(
        "tap-instagram-business connect",
        "tap-instagram-business connect --login instagram",
        "tap-instagram-business connect --from-token < token.txt",
    )
)
@click.option(
    "--login",
    type=click.Choice(["facebook", "instagram"]),
    help="The login that the owner uses.  [default: setting login]",
)
@click.option(
    "--account",
    "account_ids",
    multiple=True,
    metavar="ID",
    help="Connect only this account. May be given several times.",
)
@click.option("--comments", is_flag=True, help="Also ask for the permission to read comments.")
@click.option(
    "--redirect-uri",
    metavar="URL",
    help="The address to which Meta sends the browser after consent, as registered in the app.  "
    "[default: localhost:8765]",
)
@click.option(
    "--paste",
    is_flag=True,
    help="Do not open a browser: print the address of the consent page, and wait until you paste "
    "the address to which Meta sent the browser.",
)
@click.option(
    "--config-id",
    default="",
    metavar="ID",
    help="Ask for the permissions of this configuration of Facebook Login for Business.",
)
@click.option(
    "--from-token",
    is_flag=True,
    help="Read a token from standard input and do not ask for consent.",
)
@pass_settings
def connect(  # noqa: PLR0913 - each is an option
    settings: CommandSettings,
    *,
    login: str | None,
    account_ids: tuple[str, ...],
    from_token: bool,
    comments: bool,
    redirect_uri: str | None,
    paste: bool,
    config_id: str,
) -> None:
    """Connect accounts with their owner's consent.

    A page of Meta asks the owner for consent, in the browser on this machine or, with --paste, in
    a browser on any machine. The tokens that Meta then issues are stored in the vault.
    """
    keys = settings.secrets.keys
    vault = settings.vault
    tombstones = Tombstones.of(vault.location, None, lambda: keys)
    tombstones.check_key()
    app = settings.secrets.app(login)
    with closing(GraphClient(app)) as client:
        if from_token:
            token = unquoted(read_secret("token"))
            check_token(token, "Standard input", app.login)
            grant = oauth.Grant(token)
        else:
            app.require_credentials()
            uri = redirect_uri or REDIRECT_URIS[app.login]
            grant = _ask_for_consent(app, uri, paste=paste, comments=comments, config_id=config_id)
        grant = make_long_lived(client, app, grant)
        found = discover_connections(client, app, grant, account_ids)
    _print_permissions(app, found.permissions)
    problems = [*found.without_page_token]
    for label, record in found.records.items():
        ends = shown_date(record.expires)
        if not store(record, vault, tombstones, keys):
            problems.append(
                f"{label} keeps the token that it has, because the new one expires earlier, on "
                f"{ends}: disconnect the account first if you want the new one"
            )
            continue
        line = f"{label} is connected"
        line += f", its token expires on {ends}" if record.expires else ""
        if record.data_access_expires:
            line += f", its access to data expires on {shown_date(record.data_access_expires)}"
        click.echo(escape(line))
    if problems:
        raise CredentialsError(". ".join(problems))


def _ask_for_consent(
    app: App, redirect_uri: str, *, paste: bool, comments: bool, config_id: str
) -> Grant:
    """Send the user to the consent page, wait for the redirect, and exchange its code."""
    scopes = [*oauth.SCOPES[app.login], *([oauth.COMMENTS_SCOPE[app.login]] if comments else [])]
    state = secrets.token_urlsafe(32)
    page = oauth.consent_url(
        app, redirect_uri=redirect_uri, state=state, scopes=scopes, config_id=config_id
    )
    permissions = f"those of configuration {config_id}" if config_id else ", ".join(scopes)
    click.echo(f"Meta will ask for these permissions: {permissions}", err=True)
    is_here = not paste and consent.can_receive(redirect_uri)
    query = _receive(page, redirect_uri, state) if is_here else _ask_for_address(page, state)
    return oauth.redeem_code(app, consent.code_from(query, state), redirect_uri)


def _receive(page: str, redirect_uri: str, state: str) -> Mapping[str, str]:
    with closing(consent.RedirectListener(redirect_uri, state)) as listener:
        click.echo(f"Your browser will open this page. If not, open it yourself:\n{page}", err=True)
        threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()
        return listener.wait(CONSENT_TIMEOUT_SECONDS)


def _ask_for_address(page: str, state: str) -> Mapping[str, str]:
    """Ask until an address of this consent is pasted; return the last one at the end of input."""
    click.echo(f"Open this page in a browser:\n{page}", err=True)
    click.echo(
        "Then paste the address that the browser shows at the end, even if it shows no page there:",
        err=True,
    )
    query: Mapping[str, str] = {}
    for address in iter(sys.stdin.readline, ""):
        query = consent.pasted_query(address) if address.strip() else query
        if consent.has_state(query, state):
            return query
        click.echo(
            "This address does not belong to this login attempt. Paste the address again:", err=True
        )
    if not query:
        raise CredentialsError("No address was pasted: nothing was stored")
    return query


def _print_permissions(app: App, scopes: Sequence[str]) -> None:
    if scopes:
        click.echo(escape(f"Permissions: {', '.join(scopes)}"))
        if missing := [scope for scope in oauth.SCOPES[app.login] if scope not in scopes]:
            click.echo(f"Without {', '.join(missing)} some tables will stay empty.", err=True)
