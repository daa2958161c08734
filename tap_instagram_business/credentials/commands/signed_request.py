"""The command that checks Meta's signed requests."""

from __future__ import annotations

import datetime as dt
import json

import click

from tap_instagram_business.credentials import signed_request
from tap_instagram_business.credentials.commands.options import (
    CommandSettings,
    examples,
    pass_settings,
    read_secret,
    vault_option,
)
from tap_instagram_business.credentials.erasure import new_confirmation_code
from tap_instagram_business.credentials.errors import CredentialsError

MAX_REQUEST_BYTES = 64 * 1024


@click.command(
    "verify-signed-request",
    epilog=examples(
        "tap-instagram-business verify-signed-request < body.txt",
        "tap-instagram-business verify-signed-request --status-url 'https://example.com/d?id={code}'",
    ),
)
@vault_option
@click.option(
    "--status-url",
    metavar="URL",
    help="Also print the response to a data deletion request, with the address of your status "
    "page. {code} in it stands for the confirmation code.",
)
@pass_settings
def verify_signed_request(
    settings: CommandSettings, vault: str | None, status_url: str | None
) -> None:
    """Check a signed request from Meta.

    Meta sends signed requests to an app's deauthorize callback and data deletion callback. The
    request is read from standard input. A request of more than 64 KB is refused before it is
    checked, and so is one that was signed longer ago than setting `signed_request_max_age_hours`
    says. All records of the vault are decrypted: if one of them cannot be, the command fails,
    because the account could be one of this user.

    The command prints the user id and this user's accounts in the vault as JSON on standard
    output. With --status-url, it prints them on standard error, and the response that Meta expects
    on standard output.
    """
    secret = settings.secrets["app_secret"]
    if not secret:
        message = (
            "The signature cannot be checked without the app's secret: set "
            "TAP_INSTAGRAM_BUSINESS_APP_SECRET"
        )
        raise CredentialsError(message)
    body = read_secret("signed request", max_bytes=MAX_REQUEST_BYTES)
    hours = settings.values["signed_request_max_age_hours"]
    max_age = dt.timedelta(hours=hours) if hours else None
    request = signed_request.verify(body, secret, max_age=max_age)
    opened = settings.vault_if_configured(vault)
    records = opened.read(settings.secrets.keys).all().values() if opened else ()
    code = new_confirmation_code() if status_url else None
    request_facts = {
        "user_id": request.user_id,
        "issued_at": request.issued_at.isoformat() if request.issued_at else None,
        "account_ids": [r.account_id for r in records if r.user_id == request.user_id],
        **({"confirmation_code": code} if code else {}),
    }
    click.echo(json.dumps(request_facts), err=bool(code))
    if status_url and code:
        click.echo(signed_request.deletion_response(status_url, code))
