"""Settings, options and prompts that several commands share.

Secrets that a user hands to a command come
from standard input, because every process of the machine can read a command's arguments.
"""

from __future__ import annotations

import logging
import sys
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import click

from tap_instagram_business import redaction
from tap_instagram_business.graph import api
from tap_instagram_business.settings.checks import problems
from tap_instagram_business.settings.reading import PREFIX, complete
from tap_instagram_business.settings.schema import PROPERTIES
from tap_instagram_business.settings.secrets import Secrets
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_INPUT_BYTES = 64 * 1024

logger = logging.getLogger("tap-instagram-business.tokens")

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


def examples(*lines: str) -> str:
    """Return the examples that end the help text of a command."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


class CommandSettings:
    """The settings of a command, read and checked as a run does.

    A warning is logged if requests do not go to Meta.

    Attributes:
        values: The settings that have a value or a default, by name.

    Args:
        given: The settings of option `--config`.
        vault_path: The value of option `--vault`, which wins over the setting.

    Raises:
        CredentialsError: A setting is wrong, or would give a secret away.
    """

    def __init__(self, given: Mapping[str, Any], vault_path: str | None = None) -> None:
        values = complete(given, PROPERTIES)
        values |= {"vault_path": vault_path} if vault_path else {}
        if errors := problems(values, PROPERTIES, needs_token=False):
            raise CredentialsError(" ".join(errors))
        if warning := api.host_warning(values.get("api_url") or ""):
            logger.warning("%s.", warning)
        self.values = values

    @cached_property
    def secrets(self) -> Secrets:
        """The secret settings, decrypted when they are used."""
        return Secrets(self.values)

    @property
    def vault_if_any(self) -> Vault | None:
        """The vault of option `--vault` or setting `vault_path`; None if neither is given."""
        return Vault(self.values["vault_path"]) if "vault_path" in self.values else None

    @property
    def vault(self) -> Vault:
        """The vault of option `--vault` or setting `vault_path`.

        Raises:
            CredentialsError: Neither is given.
        """
        if vault := self.vault_if_any:
            return vault
        message = f"The location of the vault is not known: give --vault, or set {PREFIX}VAULT_PATH"
        raise CredentialsError(message)


def pass_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options `--vault` and `--config`, and pass `CommandSettings` as first argument."""

    @click.option(
        "--vault",
        metavar="PATH_OR_URI",
        help="Path or URI of the vault.  [default: setting vault_path]",
    )
    @click.option("--config", multiple=True)
    @wraps(command)
    def with_settings(config: Mapping[str, Any], vault: str | None, **options: Any) -> None:  # noqa: ANN401
        command(CommandSettings(config, vault), **options)

    return with_settings


def read_secret(name: str) -> str:
    """Read a secret from standard input; a terminal shows a prompt and hides what is typed.

    Raises:
        CredentialsError: Standard input is empty, too long or not text.
    """
    if sys.stdin.isatty():
        text = str(click.prompt(name, hide_input=True, err=True, default="", show_default=False))
    else:
        text = _read_input(name)
    secret = text.strip()
    if not secret:
        raise CredentialsError(f"There is no {name} on standard input: pass it with `… < file`")
    redaction.remember(secret)
    return secret


def _read_input(name: str) -> str:
    try:
        text = sys.stdin.read(MAX_INPUT_BYTES + 1)
    except UnicodeDecodeError:
        text = "\0" * (MAX_INPUT_BYTES + 1)
    if len(text.encode("utf-8", "replace")) > MAX_INPUT_BYTES:
        message = f"This is no {name}: it is longer than {MAX_INPUT_BYTES:,} bytes, or is no text"
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
