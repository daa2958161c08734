"""The command that connects accounts."""

from __future__ import annotations

import secrets
import sys
import threading
import webbrowser
from contextlib import closing
from typing import TYPE_CHECKING

import click

from tap_instagram_business.credentials import oauth, redirect
from tap_instagram_business.credentials.commands.given import (
    Given,
    examples,
    pass_given,
    read_secret,
    vault_option,
)
from tap_instagram_business.credentials.connecting import connections, granted, lasting
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.keys import read_keys
from tap_instagram_business.graph.session import GraphSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_instagram_business.credentials.connecting import Connection
    from tap_instagram_business.credentials.oauth import App, Grant

REDIRECT_URIS = {"facebook": "http://localhost:8765/", "instagram": "https://localhost:8765/"}
"""Meta lets an app in development come back to localhost, the Instagram login by https only."""
PATIENCE_SECONDS = 600.0


@click.command(
    epilog=examples(
        "tap-instagram-business connect",
        "tap-instagram-business connect --login instagram",
        "tap-instagram-business connect --from-token < token.txt",
    )
)
@click.option("--login", type=click.Choice(["facebook", "instagram"]), help="Which of Meta's APIs.")
@click.option("--account", "account_ids", multiple=True, metavar="ID", help="Only these accounts.")
@click.option("--comments", is_flag=True, help="Ask for the permission to read comments too.")
@click.option("--redirect-uri", help="Where Meta sends the browser; registered in the app.")
@click.option("--paste", is_flag=True, help="The browser is elsewhere: paste where it ended.")
@click.option("--config-id", default="", help="A configuration of Facebook Login for Business.")
@click.option("--from-token", is_flag=True, help="Take a token from standard input instead.")
@vault_option
@pass_given
def connect(  # noqa: PLR0913 - each is an option
    given: Given,
    *,
    login: str | None,
    account_ids: tuple[str, ...],
    vault: str | None,
    from_token: bool,
    comments: bool,
    redirect_uri: str | None,
    paste: bool,
    config_id: str,
) -> None:
    """Get a person's consent to read accounts, and keep their tokens in the vault."""
    keys = read_keys()
    opened = given.vault(vault)
    opened.check_keys(keys)
    app = given.app(login)
    with closing(GraphSession(app.access())) as session:
        if from_token:
            grant = oauth.Grant(read_secret("token"))
        else:
            app.need()
            address = redirect_uri or REDIRECT_URIS[app.login]
            grant = _consent(app, address, paste=paste, comments=comments, config_id=config_id)
        grant = lasting(session, app, grant)
        found = connections(session, app, grant, account_ids)
        _show_permissions(app, granted(session, app, grant))
        now = session.now()
        with opened.changing() as records:
            for connection in found:
                record = connection.record(app, keys, now)
                records[record.account_id] = record
    _show(found)


def _consent(app: App, redirect_uri: str, *, paste: bool, comments: bool, config_id: str) -> Grant:
    scopes = [*oauth.SCOPES[app.login], *([oauth.COMMENTS_SCOPE[app.login]] if comments else [])]
    state = secrets.token_urlsafe(32)
    page = oauth.consent_url(
        app, redirect_uri=redirect_uri, state=state, scopes=scopes, config_id=config_id
    )
    click.echo(f"You will be asked for: {config_id or ', '.join(scopes)}", err=True)
    if paste or not redirect.can_be_caught(redirect_uri):
        answer = _pasted(page)
    else:
        answer = _caught(page, redirect_uri)
    return oauth.redeem(app, redirect.code_in(answer, state), redirect_uri)


def _caught(page: str, redirect_uri: str) -> Mapping[str, str]:
    with closing(redirect.Catcher(redirect_uri)) as catcher:
        click.echo(f"Opening your browser. If it does not open:\n{page}", err=True)
        threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()
        return catcher.wait(PATIENCE_SECONDS)


def _pasted(page: str) -> Mapping[str, str]:
    click.echo(f"Open this in a browser:\n{page}", err=True)
    click.echo("Then paste the address at which it ended, even if no page is there:", err=True)
    address = sys.stdin.readline()
    if not address.strip():
        message = "No address was pasted: nothing was stored"
        raise CredentialsError(message)
    return redirect.pasted(address)


def _show_permissions(app: App, scopes: Sequence[str]) -> None:
    if scopes:
        click.echo(f"Permissions: {', '.join(scopes)}")
        if missing := [scope for scope in oauth.SCOPES[app.login] if scope not in scopes]:
            click.echo(f"Without {', '.join(missing)} some tables will stay empty.", err=True)


def _show(found: Sequence[Connection]) -> None:
    for connection in found:
        ends = [
            f"{what} {moment.date()}"
            for what, moment in (
                ("ends", connection.facts.expires),
                ("data access ends", connection.facts.data_access_expires),
            )
            if moment
        ]
        click.echo(", ".join([f"{connection.account.label} is connected", *ends]))
