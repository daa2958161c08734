"""Reads the settings from environment variables and the file `.env`, and gives them their types."""

from __future__ import annotations

import json
import os
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


def read_environment(properties: Properties) -> dict[str, str]:
    """Return the texts that environment variables give for settings, by the settings' names.

    The file `.env` in the working directory adds variables; those of this process win.

    Args:
        properties: The JSON schema of each setting, by name.

    Raises:
        CredentialsError: The file `.env` is not text, or has a value that no variable can have.
    """
    path = Path(".env")
    try:
        # Without a path, the library would search upwards from the folder of the installed package.
        load_dotenv(path)
    except ValueError:
        message = f"The file {path} in the working directory is not text in UTF-8: correct it"
        raise CredentialsError(message) from None
    variables = {name: PREFIX + name.upper() for name in properties}
    return {name: os.environ[key] for name, key in variables.items() if key in os.environ}


def complete(given: Mapping[str, Any], properties: Properties) -> dict[str, Any]:
    """Return the settings that have a value or a default, each in the type that its schema says.

    A value may be written as text. A list may be one value, words with commas, or JSON. Spaces,
    line breaks and quotation marks around a secret are removed. A text that cannot be read as its
    type stays a text, and the JSON schema then refuses it.
    """
    defaults = {
        name: schema["default"] for name, schema in properties.items() if "default" in schema
    }
    typed = {name: _typed(value, properties.get(name, {})) for name, value in given.items()}
    return defaults | {name: value for name, value in typed.items() if value not in ("", None)}


def _typed(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    kinds = schema.get("type", ())
    if isinstance(value, str):
        if schema.get("secret"):
            return unquoted(value)
        read = next((READERS[kind] for kind in READERS if kind in kinds), str)
        try:
            return read(value)
        except (KeyError, ValueError, RecursionError):
            return value
    if "array" in kinds and isinstance(value, (int, list)):
        items = value if isinstance(value, list) else [value]
        return [str(item) if type(item) is int else item for item in items]
    return value


def unquoted(text: str) -> str:
    """Return a text without spaces, line breaks and a pair of quotation marks around it."""
    text = text.strip()
    for mark in ("'", '"'):
        if len(text) > 1 and text.startswith(mark) and text.endswith(mark):
            return text[1:-1].strip()
    return text


def listed(text: str) -> list[str]:
    """Read a list of words in JSON, in Python's form, or with commas between them."""
    text = text.strip()
    inner = text[1:-1] if text[:1] + text[-1:] == "[]" else text
    return [unquoted(word) for word in inner.split(",") if word.strip()]


BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
"""The words for true and false, as Meltano reads them."""
READERS: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: BOOLEANS[text.strip().lower()],
    "integer": int,
    "array": listed,
    "object": json.loads,
}
"""The function that reads a text as a type of JSON schema."""
