"""Lists of fields: `id,media.limit(2){id,children{id}},insights.metric(reach).period(day)`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from instagram_sandbox.graph_api.api.errors import closed_feature, syntax_error

_NAME = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True)
class Field:
    """A field or an edge that a call requests.

    Attributes:
        name: Its name.
        params: Its parameters: `.limit(2)` gives `{"limit": "2"}`.
        inner: The text in its braces, which is a list of fields again. None without braces.
    """

    name: str
    params: dict[str, str] = field(default_factory=dict)
    inner: str | None = None


@lru_cache(maxsize=4096)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Parse the parameter `fields`.

    Raises:
        GraphError: If brackets do not match or a name is missing (code 2500), or if a field gets
            another name by `.as()` (code 3).
    """
    parser = _Parser(text)
    fields = parser.fields()
    if parser.rest():
        raise _syntax_error(text)
    return fields


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._position = text, 0

    def rest(self) -> str:
        return self._text[self._position :]

    def fields(self) -> tuple[Field, ...]:
        found = []
        while True:
            if self._peek() not in ("}", ""):
                found.append(self._field())
            if self._peek() != ",":
                return tuple(found)
            self._position += 1

    def _field(self) -> Field:
        name, params, inner = self._name(), {}, None
        while self._peek() == ".":
            self._position += 1
            modifier = self._name()
            if modifier == "as":
                raise closed_feature()
            params[modifier] = self._argument()
        if self._peek() == "{":
            self._position += 1
            start = self._position
            self.fields()
            inner = self._text[start : self._position]
            self._expect("}")
        return Field(name, params, inner)

    def _name(self) -> str:
        self._peek()
        found = _NAME.match(self._text, self._position)
        if found is None:
            raise _syntax_error(self._text)
        self._position = found.end()
        return found[0]

    def _argument(self) -> str:
        self._expect("(")
        end = self._text.find(")", self._position)
        if end < 0:
            raise _syntax_error(self._text)
        argument, self._position = self._text[self._position : end], end + 1
        return argument

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise _syntax_error(self._text)
        self._position += 1

    def _peek(self) -> str:
        """Move to the next character that is not a space and return it, or an empty text."""
        while self._text[self._position : self._position + 1].isspace():
            self._position += 1
        return self._text[self._position : self._position + 1]


def _syntax_error(text: str) -> Exception:
    return syntax_error(f"Syntax error in the field list: {text}")
