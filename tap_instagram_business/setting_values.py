"""How the settings are read: from environment variables, and from texts in any usual form."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def tidy(config: Mapping[str, Any], properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings that have a value, each in the form that its schema describes.

    A list may be written as one value, as words with commas, or as JSON in a text. Of a secret,
    spaces, line breaks and quotation marks around it are left out.

    Args:
        config: The settings as they are given.
        properties: The JSON schema of each setting, by name.
    """
    tidied = {name: _tidy(value, properties.get(name, {})) for name, value in config.items()}
    return {name: value for name, value in tidied.items() if value != ""}


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
    properties: Mapping[str, Mapping[str, Any]], prefix: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return the settings that environment variables give, each in the type that it must have.

    A value that cannot be read as its type stays a text, and the JSON schema then refuses it.

    Args:
        properties: The JSON schema of each setting, by name.
        prefix: The name of a setting's environment variable is this and the setting's name.
        environ: The environment variables.
    """
    given = ((name, environ.get(prefix + name.upper())) for name in properties)
    return {name: _typed(text, properties[name]) for name, text in given if text is not None}


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
