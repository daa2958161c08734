"""Ciphertext: `enc:v1:<key id>:<base64url of nonce, ciphertext and tag>`, AES-256-GCM.

No character in it means anything to YAML, Meltano or a shell. What it belongs to, a setting or an
account, is part of what is authenticated: moved elsewhere it cannot be deciphered.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import Self

from tap_instagram_business.credentials import redaction
from tap_instagram_business.credentials.failure import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "enc:"
KEY_BYTES = 32
NONCE_BYTES = 12
SHAPE = re.compile(r"enc:v1:(?P<key_id>[0-9a-f]{8}):(?P<sealed>[A-Za-z0-9_-]+)")


def is_ciphertext(text: str) -> bool:
    """Tell a ciphertext, even a damaged one, from a secret in plain text."""
    return text.startswith(PREFIX)


def key_id_of(ciphertext: str) -> str:
    """Name the key that a ciphertext needs; '' where it is damaged."""
    shape = SHAPE.fullmatch(ciphertext)
    return shape["key_id"] if shape else ""


def generate_key() -> str:
    """Return a new key, as text."""
    return _encode(os.urandom(KEY_BYTES))


@dataclass(frozen=True)
class Key:
    """A key, and the id by which ciphertext names it."""

    raw: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The first 8 hex digits of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:8]


class KeyRing:
    """Several keys: the first encrypts, all decipher."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._first = keys[0]
        self._by_id = {key.id: key for key in keys}

    @classmethod
    def parse(cls, text: str, *, source: str) -> Self:
        """Read keys as `generate_key` writes them, comma-separated.

        Args:
            text: The keys.
            source: Where they come from, for the message.

        Raises:
            CredentialsError: one of them is no key.
        """
        parts = [part.strip() for part in text.split(",") if part.strip()]
        redaction.remember(*parts)
        keys = [Key(raw) for part in parts if len(raw := _decode(part) or b"") == KEY_BYTES]
        if not keys or len(keys) != len(parts):
            message = (
                f"{source} does not give a key of {KEY_BYTES} bytes in base64url, or several with "
                "commas between them: `tap-instagram-business generate-key` makes one"
            )
            raise CredentialsError(message)
        return cls(keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """The keys' ids, the one that encrypts first."""
        return tuple(self._by_id)

    def encrypt(self, secret: str, owner: str) -> str:
        """Encrypt a secret for a setting or an account.

        Args:
            secret: What nobody may read.
            owner: The name of the setting, or the id of the account.
        """
        redaction.remember(secret)
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._first.raw).encrypt(nonce, secret.encode(), _bound_to(owner))
        return f"enc:v1:{self._first.id}:{_encode(nonce + sealed)}"

    def decrypt(self, ciphertext: str, owner: str) -> str:
        """Decipher what was encrypted for a setting or an account.

        Raises:
            CredentialsError: the key is missing, or this is not what was encrypted.
        """
        shape = SHAPE.fullmatch(ciphertext)
        sealed = _decode(shape["sealed"]) if shape else None
        if shape is None or sealed is None:
            message = f"The ciphertext of {_name(owner)} is damaged: encrypt the secret again"
            raise CredentialsError(message)
        key = self._by_id.get(shape["key_id"])
        if key is None:
            message = (
                f"The secret of {_name(owner)} is encrypted with key {shape['key_id']}, which is "
                f"not among the keys given ({', '.join(self.ids)}): give that key too"
            )
            raise CredentialsError(message)
        try:
            opened = AESGCM(key.raw).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(owner)
            )
        except (InvalidTag, ValueError):
            message = (
                f"The ciphertext of {_name(owner)} was changed, or was encrypted for something "
                "else: encrypt the secret again"
            )
            raise CredentialsError(message) from None
        secret = opened.decode()
        redaction.remember(secret)
        return secret


def _bound_to(owner: str) -> bytes:
    return f"tap-instagram-business|v1|{owner}".encode()


def _name(owner: str) -> str:
    return f"account {owner}" if owner.isdigit() else f"setting `{owner}`"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    """Return None unless this is base64url, in the one way to write it."""
    text = text.rstrip("=")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _encode(raw) == text else None
