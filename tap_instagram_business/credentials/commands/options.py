"""Settings, options and prompts that several commands share.

Secrets that a user hands to a command come
from standard input, because every process of the machine can read a command's arguments.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from functools import cached_property, wraps
from importlib import metadata
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import Self

from tap_instagram_business import redaction
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.oauth import App
from tap_instagram_business.credentials.vault import Vault
from tap_instagram_business.graph import api
from tap_instagram_business.settings.checks import problems
from tap_instagram_business.settings.reading import PREFIX, complete, read_environment
from tap_instagram_business.settings.schema import PROPERTIES
from tap_instagram_business.settings.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_instagram_business.sdk import ConfigInput

PROGRAM = "tap-instagram-business"
MAX_SECRET_BYTES = 64 * 1024

logger = logging.getLogger("tap-instagram-business.credentials")

vault_option = click.option(
    "--vault",
    metavar="PATH_OR_URI",
    help="Path or URI of the vault.  [default: setting vault_path]",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


def examples(*lines: str) -> str:
    """Return the examples that end the help text of a command."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


@dataclass(frozen=True)
class CommandSettings:
    """The settings of a command.

    Attributes:
        values: The settings that have a value or a default, by name.
    """

    values: Mapping[str, Any]

    @classmethod
    def read(cls, given: ConfigInput) -> Self:
        """Read and check the settings as a run does, and warn if requests do not go to Meta.

        Raises:
            CredentialsError: A setting is wrong, or would give a secret away.
        """
        environment = read_environment(PROPERTIES) if given.parse_env else {}
        values = complete({**given.config, **environment}, PROPERTIES)
        if errors := problems(values, PROPERTIES, needs_token=False):
            raise CredentialsError(" ".join(errors))
        if warning := api.host_warning(values.get("api_url") or ""):
            logger.warning("%s.", warning)
        return cls(values)

    @cached_property
    def secrets(self) -> Secrets:
        """The secret settings, decrypted when they are used."""
        return Secrets(self.values)

    def vault(self, location: str | None) -> Vault:
        """Open the vault of option `--vault` or, without it, of setting `vault_path`.

        Raises:
            CredentialsError: Neither is given.
        """
        vault = self.vault_if_configured(location)
        if vault is None:
            message = (
                f"The location of the vault is not known: give --vault, or set {PREFIX}VAULT_PATH"
            )
            raise CredentialsError(message)
        return vault

    def vault_if_configured(self, location: str | None) -> Vault | None:
        """Open the vault like `vault`; return None if its location is not known."""
        location = location or self.values.get("vault_path")
        return Vault(location) if location else None

    def app(self, login: str | None = None) -> App:
        """Return the Meta app, of this login or of the one in setting `login`."""
        return App(
            login=login or self.values["login"],
            app_id=self.values.get("app_id") or "",
            app_secret=self.secrets["app_secret"],
            api_version=self.values.get("api_version") or App.api_version,
            api_url=self.values.get("api_url") or "",
            user_agent=self.values.get("user_agent") or f"{PROGRAM}/{metadata.version(PROGRAM)}",
        )


def pass_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option `--config` to a command and pass `CommandSettings` as its first argument."""

    @click.option("--config", multiple=True)
    @wraps(command)
    def with_settings(config: ConfigInput, **options: Any) -> None:  # noqa: ANN401
        command(CommandSettings.read(config), **options)

    return with_settings


def read_secret(name: str, *, max_bytes: int = MAX_SECRET_BYTES) -> str:
    """Read a secret from standard input; a terminal shows a prompt and hides what is typed.

    Raises:
        CredentialsError: Standard input is empty, too long or not text.
    """
    if sys.stdin.isatty():
        text = str(click.prompt(name, hide_input=True, err=True, default="", show_default=False))
    else:
        text = _read_input(name, max_bytes)
    secret = text.strip()
    if not secret:
        message = f"There is no {name} on standard input: pass it with `… < file`"
        raise CredentialsError(message)
    redaction.remember(secret)
    return secret


def _read_input(name: str, max_bytes: int) -> str:
    try:
        text = sys.stdin.read(max_bytes + 1)
    except UnicodeDecodeError:
        text = "\0" * (max_bytes + 1)
    if len(text.encode("utf-8", "replace")) > max_bytes:
        message = f"This is no {name}: it is longer than {max_bytes:,} bytes, or is no text"
        raise CredentialsError(message)
    return text


def confirm(question: str, *, yes: bool) -> bool:
    """Ask the user and return whether the answer is yes.

    Raises:
        CredentialsError: There is no terminal to ask on.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        message = "Nothing was changed: confirm with --yes, because there is no terminal to ask on"
        raise CredentialsError(message)
    return click.confirm(question, err=True)
