"""Where the encryption key comes from: the environment alone, since Meltano writes settings down.

The first of these that is set: a file, a command, a secret manager, the key itself.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.encryption import KeyRing
from tap_instagram_business.credentials.failure import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY = "TAP_INSTAGRAM_BUSINESS_ENCRYPTION_KEY"
COMMAND_SECONDS = 60
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_keys(environ: Mapping[str, str] = os.environ) -> KeyRing:
    """Return the keys.

    Raises:
        CredentialsError: there is none, or its source does not give it.
    """
    for variable, read in SOURCES.items():
        if value := environ.get(variable):
            return KeyRing.parse(read(value), source=variable)
    message = (
        "There is no encryption key: `tap-instagram-business generate-key` makes one, and "
        f"environment variable {KEY}_FILE says where it is kept"
    )
    raise CredentialsError(message)


def _from_file(path: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & READABLE_BY_OTHERS:
                message = f"The key file {path} can be read by others: chmod 600 {path}"
                raise CredentialsError(message)
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        message = f"The key file {path} cannot be read ({why}): see {KEY}_FILE"
        raise CredentialsError(message) from None


def _from_command(command: str) -> str:
    """Run a command without a shell; what it says on its way is not shown, it may be the key."""
    try:
        argv = shlex.split(command)
        done = subprocess.run(  # noqa: S603 - the user's own command, from his environment
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=True,
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        message = f"The command in {KEY}_COMMAND gives no key ({_why(error)}): try it by hand"
        raise CredentialsError(message) from None
    return done.stdout


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"exit code {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {COMMAND_SECONDS} s"
    return (error.strerror if isinstance(error, OSError) else None) or "not a command"


def _from_manager(uri: str) -> str:
    scheme, _, name = uri.partition("://")
    if scheme not in MANAGERS or not name:
        known = ", ".join(f"{manager}://…" for manager in MANAGERS)
        message = f"{KEY}_URI must be one of {known}; {KEY}_COMMAND asks any other secret manager"
        raise CredentialsError(message)
    return MANAGERS[scheme](name)


def _from_google(name: str) -> str:
    """Read `projects/<project>/secrets/<secret>`, in its latest version if it names none."""
    try:
        from google.cloud import secretmanager  # noqa: PLC0415 - an extra
    except ImportError:
        message = (
            "Google's Secret Manager needs the extra `gcp`: pip install "
            f"'tap-instagram-business[gcp]', or let {KEY}_COMMAND ask gcloud"
        )
        raise CredentialsError(message) from None
    version = name if "/versions/" in name else f"{name}/versions/latest"
    try:
        client = secretmanager.SecretManagerServiceClient()
        answer = client.access_secret_version(request={"name": version})
    except Exception as error:  # noqa: BLE001 - whatever Google's client meets
        message = f"Google's Secret Manager does not give {version} ({type(error).__name__})"
        raise CredentialsError(message) from None
    key: bytes = answer.payload.data
    return key.decode("ascii", "replace")


MANAGERS: Mapping[str, Callable[[str], str]] = {"gcp-sm": _from_google}
SOURCES: Mapping[str, Callable[[str], str]] = {
    f"{KEY}_FILE": _from_file,
    f"{KEY}_COMMAND": _from_command,
    f"{KEY}_URI": _from_manager,
    KEY: str,
}
