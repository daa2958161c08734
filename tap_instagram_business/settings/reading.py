"""Reads the settings from config files, environment variables and the file `.env`."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import load_dotenv

from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable


PREFIX = "TAP_INSTAGRAM_BUSINESS_"
"""The name of a setting's environment variable is this prefix and the setting's name."""

Properties = Mapping[str, Mapping[str, Any]]
"""The JSON schema of each setting by name."""


def complete(given: Mapping[str, Any], properties: Properties) -> dict[str, Any]:
    """Return the settings that have a value or a default, each in the form of its schema.

    A list may be written as one value, as words with commas, or as JSON in a text. Spaces, line
    breaks and quotation marks around a secret are removed.
    """
    defaults = {
        name: schema["default"] for name, schema in properties.items() if "default" in schema
    }
    tidied = {name: _tidy(value, properties.get(name, {})) for name, value in given.items()}
    return defaults | {name: value for name, value in tidied.items() if value not in ("", None)}


def _tidy(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if schema.get("secret") and isinstance(value, str):
        return unquoted(value)
    if "array" not in schema.get("type", ()):
        return value
    if isinstance(value, str) and value:
        value = _typed(value, schema)
    if _is_whole_number(value):
        return [str(value)]
    if isinstance(value, list):
        return [str(item) if _is_whole_number(item) else item for item in value]
    return value


def unquoted(text: str) -> str:
    """Return a text without spaces, line breaks and a pair of quotation marks around it."""
    text = text.strip()
    for mark in ("'", '"'):
        if len(text) > 1 and text.startswith(mark) and text.endswith(mark):
            return text[1:-1].strip()
    return text


def _is_whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
"""The words for true and false in environment variables, in any case, as Meltano reads them."""


def read_environment(
    properties: Properties, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the settings that environment variables give, each in the type that it must have.

    A value that cannot be read as its type stays a text, and the JSON schema then refuses it.

    Args:
        properties: The JSON schema of each setting, by name.
        environ: The environment variables; None for those of this process, with those of the file
            `.env` in the working directory.

    Raises:
        CredentialsError: The file `.env` is not text.
    """
    if environ is None:
        _load_env_file(Path(".env"))
        environ = os.environ
    given = ((name, environ.get(PREFIX + name.upper())) for name in properties)
    return {name: _typed(text, properties[name]) for name, text in given if text is not None}


def _load_env_file(path: Path) -> None:
    """Add the variables of a file to those of this process, which win.

    Without a path, the library would search upwards from the folder of the installed package.

    Raises:
        CredentialsError: The file is not text, or has a value that no variable can have.
    """
    try:
        load_dotenv(path)
    except ValueError:
        message = f"The file {path} in the working directory is not text in UTF-8: correct it"
        raise CredentialsError(message) from None


def _typed(text: str, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return a text as the value of the type that a setting has."""
    kinds = schema.get("type", ())
    for kind, read in READERS.items():
        if kind in kinds:
            try:
                return read(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                return text
    return text


def _integer(text: str) -> int:
    if not re.fullmatch("[+-]?[0-9]{1,18}", text.strip()):
        raise ValueError
    return int(text)


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError
    return word in TRUE


def _list(text: str) -> list[Any]:
    """Read a list in JSON or in Python's form, or words with commas between them."""
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = ast.literal_eval(text)
    return list(found)


READERS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "array": _list,
    "object": json.loads,
}
"""The function that reads the value of an environment variable, by its type in JSON schema."""
