"""The bodies of answers: read up to a limit, and JSON only if it is sound.

An answer that is too large, too deep or not JSON is treated like an answer that did not come.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import msgspec.json

if TYPE_CHECKING:
    from requests import Response

MAX_BYTES = 128 * 1024 * 1024
"""The largest body that is read, after decompression. Full batches of media have a few MB."""
MAX_DEPTH = 64
"""How deep objects and lists may be nested. Meta's answers have fewer than 10 levels."""
CONTAINERS = (dict, list)
CHUNK_BYTES = 256 * 1024
LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)


class UnreadableBody(ValueError):
    """A body that is no sound JSON; its text says why and shows nothing of the body."""


def read_body(response: Response, max_bytes: int = MAX_BYTES) -> bytearray:
    """Read the body of a response that was requested with `stream=True`.

    Args:
        response: The response; its connection is closed if its body is too large.
        max_bytes: The largest body that is read, after decompression.

    Raises:
        UnreadableBody: The body is larger.
        requests.RequestException: The connection broke, or the body is not compressed as it says.
    """
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            response.close()
            raise UnreadableBody(f"more than {max_bytes:,} bytes in it")
    return body


def parse_json(content: bytes | bytearray | str) -> Any:  # noqa: ANN401
    """Return JSON that can be stored: without NaN, with text that is Unicode, and not too deep.

    Raises:
        UnreadableBody: The content is not such JSON.
    """
    try:
        body = msgspec.json.decode(content)
    except (ValueError, RecursionError):
        body = _parse_oddity(content)
    _check_depth(content, body)
    return body


def _parse_oddity(content: bytes | bytearray | str) -> Any:  # noqa: ANN401
    """Parse JSON that is too odd for the quick parser: a number of 400 digits, half a character."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        body = json.loads(text, parse_constant=_refuse)
        return _without_surrogates(body) if LONE_SURROGATE.search(text) else body
    except (ValueError, RecursionError):
        raise UnreadableBody("no JSON in it") from None


def _refuse(_constant: str) -> None:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError


def _check_depth(content: bytes | bytearray | str, body: object) -> None:
    opening = ("{", "[") if isinstance(content, str) else (b"{", b"[")
    if sum(map(content.count, opening)) <= MAX_DEPTH:  # type: ignore[arg-type]
        return
    level: list[Any] = [[body]]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if type(child) in CONTAINERS
        ]
        if not level:
            return
    raise UnreadableBody(f"JSON of more than {MAX_DEPTH} levels in it")


def _without_surrogates(body: object) -> Any:  # noqa: ANN401
    """Put `?` for halves of characters, which no database can store."""
    text = json.dumps(body, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))


def as_list(content: object) -> list[Any]:
    """Return what ought to be a list; an empty one for anything else."""
    return content if isinstance(content, list) else []


def as_object(content: object) -> dict[str, Any]:
    """Return what ought to be an object; an empty one for anything else."""
    return content if isinstance(content, dict) else {}


def whole_number(value: object) -> int:
    """Return a number, or a text of digits, of an answer as an integer; 0 for anything else."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else 0.0
        return int(number) if math.isfinite(number) else 0
    except (ValueError, OverflowError):
        return 0
