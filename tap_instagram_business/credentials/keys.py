"""The encryption keys, which come from the environment and never from a setting.

Meltano writes settings to files and passes them to every plugin, so a key must not be a setting.
The keys come from the first of these sources that is set: a file, a command, the environment
variable itself.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.encryption import KeyRing
from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY_VARIABLE = "TAP_INSTAGRAM_BUSINESS_ENCRYPTION_KEY"
"""The environment variable that holds the keys; the other variables begin with this name."""
COMMAND_TIMEOUT_SECONDS = 60
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
    message = (
        "There is no encryption key: make one with `tap-instagram-business generate-key`, and set "
        f"the environment variable {KEY_VARIABLE}_FILE to the path of its file"
    )
    raise CredentialsError(message)


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
        message = (
            f"The command in {KEY_VARIABLE}_COMMAND gives no key ({_reason(error)}): run it by "
            "hand to see why"
        )
        raise CredentialsError(message) from None
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
