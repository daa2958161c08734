"""Field expansion: `id,media.limit(2){id,children{id}},insights.metric(reach).period(day)`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from instagram_sandbox.graph_api.api.errors import syntax_error

_NAME = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True)
class Field:
    """A field or edge that is asked for.

    Attributes:
        name: Its name.
        params: What follows it: `.limit(2)` gives `{"limit": "2"}`.
        inner: What is asked of it in braces, as written; None without braces.
    """

    name: str
    params: dict[str, str] = field(default_factory=dict)
    inner: str | None = None


@lru_cache(maxsize=4096)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Read a `fields` parameter.

    Raises:
        GraphError: If brackets do not match or a name is missing (code 2500).
    """
    reader = _Reader(text)
    fields = reader.fields()
    if reader.rest():
        raise _misplaced(text)
    return fields


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def rest(self) -> str:
        return self._text[self._at :]

    def fields(self) -> tuple[Field, ...]:
        found = []
        while True:
            if self._peek() not in ("}", ""):
                found.append(self._field())
            if self._peek() != ",":
                return tuple(found)
            self._at += 1

    def _field(self) -> Field:
        name, params, inner = self._name(), {}, None
        while self._peek() == ".":
            self._at += 1
            modifier = self._name()
            params[modifier] = self._argument()
        if self._peek() == "{":
            self._at += 1
            start = self._at
            self.fields()
            inner = self._text[start : self._at]
            self._expect("}")
        return Field(name, params, inner)

    def _name(self) -> str:
        self._peek()
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise _misplaced(self._text)
        self._at = found.end()
        return found[0]

    def _argument(self) -> str:
        self._expect("(")
        end = self._text.find(")", self._at)
        if end < 0:
            raise _misplaced(self._text)
        argument, self._at = self._text[self._at : end], end + 1
        return argument

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise _misplaced(self._text)
        self._at += 1

    def _peek(self) -> str:
        """Give the next character that is no space, and stand there; '' at the end."""
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        return self._text[self._at : self._at + 1]


def _misplaced(text: str) -> Exception:
    return syntax_error(f"Syntax error in the field list: {text}")
