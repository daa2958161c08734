"""What a command is given: settings from the environment or a config file, secrets from stdin."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import click

from tap_instagram_business.credentials import redaction
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.oauth import App
from tap_instagram_business.credentials.secret_settings import Secrets
from tap_instagram_business.credentials.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "TAP_INSTAGRAM_BUSINESS_"
NAMES = ("access_token", "app_id", "app_secret", "api_url", "api_version", "login", "vault_path")

vault_option = click.option(
    "--vault", metavar="PATH_OR_URI", help="The vault.  [default: setting vault_path]"
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def examples(*lines: str) -> str:
    """Return the end of a command's help."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


@dataclass(frozen=True)
class Given:
    """The settings of a command: a config file's, and below them the environment's."""

    config: Mapping[str, Any]

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The settings that are set."""
        environment = {name: os.environ.get(PREFIX + name.upper()) for name in NAMES}
        merged = {
            **environment,
            **{name: self.config.get(name) for name in NAMES if name in self.config},
        }
        return {name: value for name, value in merged.items() if value}

    @cached_property
    def secrets(self) -> Secrets:
        """The secret ones among them."""
        return Secrets(self.settings)

    def vault(self, place: str | None) -> Vault:
        """Return the vault.

        Raises:
            CredentialsError: nothing says where it is.
        """
        if not (place or self.settings.get("vault_path")):
            message = f"Where is the vault? Give --vault, or set {PREFIX}VAULT_PATH"
            raise CredentialsError(message)
        return Vault(place or self.settings["vault_path"])

    def app(self, login: str | None = None, app_id: str | None = None) -> App:
        """Return the Meta app."""
        return App(
            login=login or self.settings.get("login") or "facebook",
            app_id=app_id or self.settings.get("app_id") or "",
            app_secret=self.secrets["app_secret"],
            api_version=self.settings.get("api_version") or App.api_version,
            api_url=self.settings.get("api_url") or "",
        )


def pass_given(command: Callable[..., None]) -> Callable[..., None]:
    """Hand a command what it is given, before its options."""

    @click.option("--config", multiple=True, help="Configuration file, over the environment.")
    @click.pass_context
    @wraps(command)
    def with_given(context: click.Context, /, config: Any, **options: Any) -> None:  # noqa: ANN401
        before = context.obj or {}
        command(Given({**before, **getattr(config, "config", {})}), **options)

    return with_given


def read_secret(name: str) -> str:
    """Read a secret from standard input; asked for without an echo where a person types it.

    Raises:
        CredentialsError: there is none.
    """
    if sys.stdin.isatty():
        secret = str(click.prompt(name, hide_input=True, err=True, default="", show_default=False))
    else:
        secret = sys.stdin.read()
    if not secret.strip():
        message = f"There is no {name} on standard input: give it as in `… < file`"
        raise CredentialsError(message)
    redaction.remember(secret.strip())
    return secret.strip()


def confirmed(question: str, *, yes: bool) -> bool:
    """Return whether the user says yes.

    Raises:
        CredentialsError: nobody is there to ask, and --yes was not given.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        message = "Nothing was done: say --yes where nobody can be asked"
        raise CredentialsError(message)
    return click.confirm(question, err=True)
