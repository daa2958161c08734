"""The command that renews the tokens in the vault."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import closing

import click

from tap_instagram_business.credentials.commands.options import (
    CommandSettings,
    examples,
    pass_settings,
    vault_option,
)
from tap_instagram_business.credentials.renewal import Renewal
from tap_instagram_business.graph.session import GraphSession

logger = logging.getLogger("tap-instagram-business.credentials")


@click.command(
    "refresh-tokens",
    epilog=examples(
        "tap-instagram-business refresh-tokens",
    ),
)
@vault_option
@pass_settings
def refresh_tokens(settings: CommandSettings, vault: str | None) -> None:
    """Renew the tokens that expire soon.

    A run renews the tokens that it reads accounts with. Where many runs share the accounts, this
    command renews all tokens before the runs. Tokens of the Facebook login can be renewed only by a
    person, with `connect`.

    Setting `refresh_margin_days` says how long before its end a token is renewed. The exit code is
    0 even if Meta refuses some tokens; the log names their accounts.
    """
    app = settings.app("instagram")
    keys = settings.secrets.keys
    margin = settings.values["refresh_margin_days"]
    renewal = Renewal(settings.vault(vault), keys, app, dt.timedelta(days=margin))
    found = renewal.vault.read(keys)
    for error in found.refused.values():
        logger.warning("%s.", error)
    own = {name: record for name, record in found.verified.items() if record.login == app.login}
    with closing(GraphSession(app.access())) as session:
        renewal.run(own, session)
    failed = len(renewal.failed) + len(found.refused)
    click.echo(f"{len(renewal.renewed)} tokens were renewed, {failed} could not be.", err=True)
