"""Text from outside the program, such as names and messages, made safe to show and to store.

Whoever chooses a name could otherwise move the cursor of a terminal, write a log line of their own,
or turn the direction of writing so that a line reads as something else. Meta's messages, and
addresses in the messages of libraries, may hold secrets.
"""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT = "(secret)"
SHOWN_CATEGORIES = ("L", "M", "N", "P", "S", "Zs", "Co", "Cn")
"""The categories of Unicode that are shown as they are: neither controls nor line breaks."""
JOINERS = "\u200c\u200d"
"""These are not shown themselves, but belong into Persian words and into emoji."""
PARAMETERS = (
    "access_token|app_secret|appsecret_proof|client_secret|code_verifier|encryption_key"
    "|fb_exchange_token|id_token|input_token|password|refresh_token|signed_request"
)
SECRET_PATTERN = re.compile(
    # In addresses and forms, also if they are quoted within another address.
    rf"(?P<query>(?:{PARAMETERS}|[?&]code|[?&][a-z-]*sig(?:nature)?)(?:=|%3D))[^&\s'\"<>\\]+"
    # In JSON and in Python, also if they are quoted within another text.
    rf"|(?P<json>(?:{PARAMETERS})\\*['\"]?\s*[:=]\s*\\*['\"])[^'\"\\]+"
    r"|(?P<header>(?:Bearer|Basic) )[^\s'\"]+"
    # Of the user's name and the password in an address, the name is kept.
    r"|(?P<uri>://[^\s:/@'\"]*:)[^\s'\"]+(?=@)"
    r"|(?P<token>)(?-i:EAA|IGAA|IGQ)[A-Za-z0-9_-]{20,}",
    re.IGNORECASE,
)
TYPED_SECRET = re.compile(r"(?<![^\s'\"(=])(?![/.~])(?=[^\s'\"()]*[0-9])[^\s'\"():]{20,}")
"""A long word with a digit that is no path: in what a user has typed, this may be any secret."""


def mask(text: str) -> str:
    """Return a text in which `(secret)` stands for what looks like a secret."""
    return SECRET_PATTERN.sub(_keep_name, text)


def mask_typed(text: str) -> str:
    """Return a text with what a user has typed, in which `(secret)` stands for all long words."""
    return TYPED_SECRET.sub(REPLACEMENT, mask(text))


def escape(text: str, *, keep: str = "") -> str:
    r"""Return a text on one line, with `\x1b` or `\u202e` for characters that are not shown.

    Args:
        text: The text.
        keep: Characters that stay as they are, such as line breaks.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character, keep) for character in text)


def _shown(character: str, keep: str) -> str:
    is_shown = unicodedata.category(character).startswith(SHOWN_CATEGORIES)
    if is_shown or character in JOINERS or character in keep:
        return character
    return character.encode("unicode_escape").decode("ascii")


def _keep_name(match: re.Match[str]) -> str:
    """Keep the name of a secret, such as `access_token=`, and replace its value."""
    return f"{match[match.lastgroup or 0]}{REPLACEMENT}"
