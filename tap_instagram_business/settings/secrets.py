"""Secret settings, in plain text or encrypted; they are decrypted only in memory, when used."""

from __future__ import annotations

import os
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any

from tap_instagram_business import redaction
from tap_instagram_business.graph import api
from tap_instagram_business.settings.reading import unquoted
from tap_instagram_business.tokens.encryption import SOURCES, is_ciphertext, read_keys
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.oauth import TOKEN, App

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_instagram_business.tokens.encryption import KeyRing

SECRET_SETTINGS = ("access_token", "app_secret")
LOGINS = {"IGAA": "instagram", "IGQ": "instagram", "EAA": "facebook"}
"""The login of a token, by how the token begins; EAA is of users, system users and Pages."""
PROGRAM = "tap-instagram-business"


class Secrets:
    """The secret settings by name, and the Meta app; the settings themselves are not changed."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        redaction.remember(*(settings[name] for name in _in_plain_text(settings)))

    @cached_property
    def keys(self) -> KeyRing:
        """The encryption keys, which are read once.

        Raises:
            CredentialsError: There is no valid key.
        """
        return read_keys()

    def __getitem__(self, name: str) -> str:
        """Return a secret in plain text, without spaces around it; '' if it is not set.

        Raises:
            CredentialsError: It cannot be decrypted, or cannot be a token.
        """
        value = unquoted(str(self._settings.get(name) or ""))
        secret = self.keys.decrypt(value, name).strip() if is_ciphertext(value) else value
        redaction.remember(secret)
        if name == "access_token" and secret:
            check_token(secret, f"Setting `{name}`", str(self._settings.get("login") or ""))
        return secret

    def app(self, login: str | None = None) -> App:
        """Return the Meta app, of this login or of the one in setting `login`.

        Raises:
            CredentialsError: Its secret cannot be decrypted.
        """
        settings = self._settings
        return App(
            login=login or settings["login"],
            app_id=settings.get("app_id") or "",
            app_secret=self["app_secret"],
            api_version=settings.get("api_version") or App.api_version,
            api_url=settings.get("api_url") or "",
            user_agent=settings.get("user_agent") or f"{PROGRAM}/{metadata.version(PROGRAM)}",
        )


def check_token(token: str, source: str, login: str = "") -> None:
    """Check that a text can be a token of a login: one word without spaces and line breaks.

    Args:
        token: The text.
        source: The name of the place that it comes from, for the error message.
        login: `facebook` or `instagram`; '' if it may belong to either login.

    Raises:
        CredentialsError: It cannot be a token, or it belongs to the other login.
    """
    if token.lower().startswith("bearer "):
        message = f"{source} begins with the word Bearer: leave this word and the space out"
        raise CredentialsError(message)
    if not TOKEN.fullmatch(token):
        message = f"{source} is not a token: it has spaces, line breaks or other characters in it"
        raise CredentialsError(message)
    for beginning, own in LOGINS.items():
        if token.startswith(beginning) and login not in {own, ""}:
            raise CredentialsError(
                f"The access token begins with {beginning}, so it belongs to the "
                f"{own.capitalize()} login: set `login` to {own} "
                f"(TAP_INSTAGRAM_BUSINESS_LOGIN={own}), or use a token of the other login."
            )


def secret_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield an error sentence for each way in which the settings would give a secret away."""
    if settings.get("require_encrypted_secrets"):
        for name in _in_plain_text(settings):
            yield (
                f"Setting `{name}` is plain text, which `require_encrypted_secrets` forbids: "
                f"encrypt it with `tap-instagram-business encrypt --setting {name}`."
            )
    encrypted = any(is_ciphertext(str(settings.get(name) or "")) for name in SECRET_SETTINGS)
    problem = api.host_problem(
        str(settings.get("api_url") or ""),
        trusted_host=os.environ.get(api.TRUSTED_HOST_VARIABLE, ""),
        has_encrypted_secrets=encrypted
        or bool(settings.get("vault_path"))
        or any(map(os.environ.get, SOURCES)),
    )
    if problem:
        yield problem


def _in_plain_text(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the secret settings that are in plain text."""
    for name in SECRET_SETTINGS:
        value = settings.get(name)
        if isinstance(value, str) and value and not is_ciphertext(value):
            yield name
