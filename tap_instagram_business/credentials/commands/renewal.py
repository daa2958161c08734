"""The command that renews the tokens in the vault."""

from __future__ import annotations

import datetime as dt

import click

from tap_instagram_business.credentials.commands.options import (
    CommandSettings,
    examples,
    pass_settings,
    vault_option,
)
from tap_instagram_business.credentials.renewal import Renewal


@click.command(
    epilog=examples(
        "tap-instagram-business renew",
    )
)
@vault_option
@pass_settings
def renew(settings: CommandSettings, vault: str | None) -> None:
    """Renew the tokens that expire soon.

    A run renews the tokens that it reads accounts with. With many accounts, renew them before the
    runs with this command: it writes the vault once for many tokens, and the runs then only read
    it. Tokens of the Facebook login can be renewed only by a person, with `connect`.

    Setting `refresh_margin_days` says how long before its end a token is renewed. The exit code is
    0 even if Meta refuses some tokens; the log names their accounts.
    """
    app = settings.app("instagram")
    margin = settings.values["refresh_margin_days"]
    renewal = Renewal(settings.vault(vault), settings.secrets.keys, app, dt.timedelta(days=margin))
    renewal.run(dt.datetime.now(dt.timezone.utc))
    click.echo(f"{renewal.renewed} tokens were renewed, {renewal.failed} could not be.", err=True)
