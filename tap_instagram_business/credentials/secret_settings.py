"""Secret settings: plain text or ciphertext, deciphered when used and written down nowhere."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials import redaction
from tap_instagram_business.credentials.encryption import is_ciphertext
from tap_instagram_business.credentials.keys import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_instagram_business.credentials.encryption import KeyRing

SECRET_SETTINGS = ("access_token", "app_secret")


class Secrets:
    """The secrets among some settings; the settings themselves stay as they are."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        redaction.remember(*(settings[name] for name in plain_secrets(settings)))

    @cached_property
    def keys(self) -> KeyRing:
        """The encryption keys, read once.

        Raises:
            CredentialsError: there are none.
        """
        return read_keys()

    def __getitem__(self, name: str) -> str:
        """Return a secret; '' where it is not set.

        Raises:
            CredentialsError: it cannot be deciphered.
        """
        value = str(self._settings.get(name) or "")
        return self.keys.decrypt(value, name) if is_ciphertext(value) else value


def plain_secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    """Name the secret settings that are given in plain text."""
    for name in SECRET_SETTINGS:
        value = settings.get(name)
        if isinstance(value, str) and value and not is_ciphertext(value):
            yield name


def refusals(settings: Mapping[str, Any]) -> Iterator[str]:
    """Say which secrets are in plain text although `require_encrypted_secrets` forbids it."""
    if settings.get("require_encrypted_secrets"):
        for name in plain_secrets(settings):
            yield (
                f"Setting `{name}` is plain text, which `require_encrypted_secrets` forbids: "
                f"`tap-instagram-business encrypt --setting {name}` encrypts it."
            )
