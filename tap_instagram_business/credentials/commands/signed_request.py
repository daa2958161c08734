"""The command for Meta's own calls."""

from __future__ import annotations

import json

import click

from tap_instagram_business.credentials import signed_request
from tap_instagram_business.credentials.commands.given import (
    Given,
    examples,
    pass_given,
    read_secret,
    vault_option,
)
from tap_instagram_business.credentials.erasure import new_code
from tap_instagram_business.credentials.failure import CredentialsError


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
    help="Answer a data deletion request: your page on it, with {code} in its address.",
)
@pass_given
def verify_signed_request(given: Given, vault: str | None, status_url: str | None) -> None:
    """Check a call of Meta's deauthorize or data deletion callback, read from standard input.

    Says who it is about and which accounts of the vault are his; with --status-url, on standard
    error, and on standard output what Meta expects to be answered.
    """
    secret = given.secrets["app_secret"]
    if not secret:
        message = "Set TAP_INSTAGRAM_BUSINESS_APP_SECRET: Meta signs its calls with it"
        raise CredentialsError(message)
    request = signed_request.verify(read_secret("signed request"), secret)
    has_vault = vault or given.settings.get("vault_path")
    records = given.vault(vault).read() if has_vault else {}
    code = new_code() if status_url else None
    said = {
        "user_id": request.user_id,
        "issued_at": request.issued_at.isoformat() if request.issued_at else None,
        "account_ids": [n for n, record in records.items() if record.user_id == request.user_id],
        **({"confirmation_code": code} if code else {}),
    }
    click.echo(json.dumps(said), err=bool(code))
    if status_url and code:
        click.echo(signed_request.answer(status_url, code))
