"""Encryption of secrets with AES-256-GCM, and the keys for it.

A ciphertext is `enc:v1:<key id>:<base64url of nonce, encrypted secret and tag>`. None of its
characters has a meaning in YAML, Meltano or a shell.

Each ciphertext is bound to its owner, such as a setting or the other members of a record: the owner
is authenticated with it, so that it cannot be decrypted as the secret of another owner.

The keys come from the environment and never from a setting, because Meltano writes settings to
files and passes them to every plugin. The first of these sources that is set is used: a file, a
command, the environment variable itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import Self

from tap_instagram_business import redaction
from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PREFIX = "enc:"
KEY_BYTES = 32
NONCE_BYTES = 12
CIPHERTEXT = re.compile(r"enc:v1:(?P<key_id>[0-9a-f]{8}):(?P<sealed>[A-Za-z0-9_-]+)")
KEY_VARIABLE = "TAP_INSTAGRAM_BUSINESS_ENCRYPTION_KEY"
"""The environment variable that holds the keys; the other variables begin with this name."""
COMMAND_TIMEOUT_SECONDS = 60
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_ciphertext(text: str) -> bool:
    """Whether a text is a ciphertext, even a damaged one, and not a secret in plain text."""
    return text.startswith(PREFIX)


def key_id_of(ciphertext: str) -> str:
    """Return the id of the key that a ciphertext needs; '' if the ciphertext is damaged."""
    match = CIPHERTEXT.fullmatch(ciphertext)
    return match["key_id"] if match else ""


def generate_key() -> str:
    """Return a new random key in base64url."""
    return _encode(os.urandom(KEY_BYTES))


class KeyRing:
    """Several keys of 32 bytes: the first one encrypts, and each of them decrypts.

    The id of a key is the first 8 hex digits of its SHA-256; a ciphertext names its key by this id.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._by_id = {hashlib.sha256(key).hexdigest()[:8]: key for key in keys}

    @classmethod
    def parse(cls, text: str, *, source: str) -> Self:
        """Read keys in base64url that are separated by commas.

        Args:
            text: The keys.
            source: The name of the place that they come from, for the error message.

        Raises:
            CredentialsError: There is no key, or one of them is not valid.
        """
        parts = [part.strip() for part in text.split(",") if part.strip()]
        redaction.remember(*parts)
        keys = [key for part in parts if len(key := decode_base64url(part) or b"") == KEY_BYTES]
        if not keys or len(keys) != len(parts):
            raise CredentialsError(
                f"{source} must contain a key of {KEY_BYTES} bytes in base64url, or several such "
                "keys separated by commas: `tap-instagram-business generate-key` makes one"
            )
        return cls(keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys; the first key is the one that encrypts."""
        return tuple(self._by_id)

    def encrypt(self, secret: str, owner: str) -> str:
        """Encrypt a secret, and bind it to its owner.

        Args:
            secret: The secret in plain text.
            owner: What is authenticated together with the secret, such as the name of a setting.
        """
        redaction.remember(secret)
        key_id, key = next(iter(self._by_id.items()))
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(owner))
        return f"enc:v1:{key_id}:{_encode(nonce + sealed)}"

    def decrypt(self, ciphertext: str, owner: str, *, label: str = "", remedy: str = "") -> str:
        """Decrypt a secret.

        Args:
            ciphertext: The text that `encrypt` returned for the same owner.
            owner: What was authenticated together with the secret.
            label: What the secret is, for the error message; '' if the owner is a setting.
            remedy: What to do if it cannot be decrypted with its key, for the error message.

        Raises:
            CredentialsError: The key is missing, or the ciphertext is damaged or of another owner.
        """
        label = label or f"Setting `{owner}`"
        remedy = remedy or "encrypt the secret again"
        match = CIPHERTEXT.fullmatch(ciphertext)
        sealed = decode_base64url(match["sealed"]) if match else None
        if match is None or sealed is None:
            raise CredentialsError(f"{label} is damaged: {remedy}")
        key = self._by_id.get(match["key_id"])
        if key is None:
            raise CredentialsError(
                f"{label} is encrypted with key {match['key_id']}, which is not among the given "
                f"keys ({', '.join(self.ids)}): give that key as well"
            )
        try:
            opened = AESGCM(key).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(owner)
            )
        except (InvalidTag, ValueError):
            message = f"{label} was changed, or was encrypted for something else: {remedy}"
            raise CredentialsError(message) from None
        secret = opened.decode()
        redaction.remember(secret)
        return secret


def _bound_to(owner: str) -> bytes:
    """Return the data that is authenticated together with the secret."""
    return f"tap-instagram-business|v1|{owner}".encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes | None:
    """Decode base64url with or without padding; return None for a text in another form."""
    text = text.rstrip("=")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _encode(raw) == text else None


def read_keys(environ: Mapping[str, str] = os.environ) -> KeyRing:
    """Read the encryption keys.

    Args:
        environ: The environment variables.

    Raises:
        CredentialsError: No source is set, or the source that is set does not give a valid key.
    """
    for variable, read in SOURCES.items():
        if value := environ.get(variable):
            return KeyRing.parse(read(value), source=variable)
    raise CredentialsError(
        "There is no encryption key: make one with `tap-instagram-business generate-key`, and set "
        f"the environment variable {KEY_VARIABLE}_FILE to the path of its file"
    )


def _read_file(path: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & READABLE_BY_OTHERS:
                message = f"Other users can read the key file {path}: run chmod 600 {path}"
                raise CredentialsError(message)
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        message = f"The key file {path} cannot be read ({reason}): check {KEY_VARIABLE}_FILE"
        raise CredentialsError(message) from None


def _run_command(command: str) -> str:
    """Run a command without a shell and return its output.

    What the command writes to standard error is not shown, because it may contain the key.
    """
    try:
        process = subprocess.run(  # noqa: S603 - the user's own command, from the environment
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        raise CredentialsError(
            f"The command in {KEY_VARIABLE}_COMMAND gives no key ({_reason(error)}): run it by "
            "hand to see why"
        ) from None
    return process.stdout


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"exit code {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no result within {COMMAND_TIMEOUT_SECONDS} s"
    return (error.strerror if isinstance(error, OSError) else None) or "not a command"


SOURCES: Mapping[str, Callable[[str], str]] = {
    f"{KEY_VARIABLE}_FILE": _read_file,
    f"{KEY_VARIABLE}_COMMAND": _run_command,
    KEY_VARIABLE: str,
}
"""The function that turns the value of an environment variable into keys, by the variable."""
