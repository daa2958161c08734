"""What may be shown and stored: no secrets, and no characters that control a terminal.

Three things are replaced: secrets that this process has used, texts that look like secrets, and
control characters. With the latter, a name could move the cursor of a terminal, forge a log line,
or reverse the direction of writing.

Log records are cleaned when they are created and not when they are written, because Meltano
replaces the logging configuration, and because libraries log addresses that contain tokens.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
import unicodedata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from types import TracebackType

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
    # IGQ is in the names of variables of BIGQUERY too.
    r"|(?P<token>)(?-i:EAA|IGAA|(?<!B)IGQ)[A-Za-z0-9_-]{20,}",
    re.IGNORECASE,
)
TYPED_SECRET = re.compile(r"(?<![^\s'\"(=])(?![/.~])(?=[^\s'\"()]*[0-9])[^\s'\"():]{20,}")
"""A long word with a digit that is no path: in what a user has typed, this may be any secret."""

LINE_BREAKS = "\n\t"
MIN_LENGTH = 8
"""Shorter secrets are not replaced, because they could be parts of ordinary words."""


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


class Redactor:
    """Replaces known secrets, and texts that look like secrets; for use from any thread.

    A run may know the tokens of thousands of accounts. So a secret is looked up, by its beginning
    and then as a whole, and not sought one by one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._beginnings: set[str] = set()
        self._lengths: list[int] = []

    def remember(self, *secrets: str) -> None:
        """Replace these secrets from now on, also as URLs, JSON and Python write them."""
        if self._known.issuperset(secrets):
            return
        forms = {form for secret in secrets if len(secret) >= MIN_LENGTH for form in _forms(secret)}
        with self._lock:
            self._known |= forms
            self._beginnings |= {form[:MIN_LENGTH] for form in forms}
            self._lengths = sorted({*self._lengths, *map(len, forms)}, reverse=True)

    def scrub(self, text: str) -> str:
        """Return a text with its secrets replaced."""
        # Without the lock: a signal handler that logs must not wait for the code it interrupted.
        scrubbed, place = "", 0
        while place < len(text):
            # The longest secret that begins here.
            beginning = text[place : place + MIN_LENGTH]
            lengths = self._lengths if beginning in self._beginnings else ()
            found = (size for size in lengths if text[place : place + size] in self._known)
            length = next(found, 0)
            scrubbed += REPLACEMENT if length else text[place]
            place += length or 1
        return mask(scrubbed)


def _forms(secret: str) -> set[str]:
    """Return the ways in which a secret can appear in a text."""
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


_redactor = Redactor()
remember = _redactor.remember
scrub = _redactor.scrub


def clean(text: str, *, keep: str = "") -> str:
    """Return a text with its secrets replaced and its control characters escaped.

    Args:
        text: The text.
        keep: Control characters that stay as they are, such as line breaks.
    """
    return escape(scrub(text), keep=keep)


class CleanRecord(logging.LogRecord):
    """A log record without secrets and control characters.

    A record that has neither is not changed, because formatters use its separate parts.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        try:
            message = self.getMessage()
        except (TypeError, ValueError):
            message = f"{self.msg} {self.args}"
        cleaned = clean(message)
        if self.exc_info and self.exc_info[0]:
            trace = "".join(traceback.format_exception(*self.exc_info))
            clean_trace = clean(trace, keep=LINE_BREAKS)
            if clean_trace != trace:
                cleaned = f"{cleaned}\n{clean_trace}"
                self.exc_info = None
        if cleaned != message:
            self.msg, self.args = cleaned, ()


def install() -> None:
    """Replace secrets in every log record and every uncaught exception of this process."""
    logging.setLogRecordFactory(CleanRecord)
    sys.excepthook = _print_clean
    threading.excepthook = lambda args: _print_clean(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _print_clean(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, /
) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(clean(text, keep=LINE_BREAKS))
