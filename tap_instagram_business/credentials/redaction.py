"""Replaces secrets in all log lines and tracebacks of this process.

This happens when a log record is created and not when it is written, because Meltano replaces the
logging configuration, and because libraries log addresses that contain tokens.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

REPLACEMENT = "(secret)"
MIN_LENGTH = 8
"""Shorter secrets are not replaced, because they could be parts of ordinary words."""

PARAMETERS = (
    "access_token|appsecret_proof|client_secret|fb_exchange_token|input_token|signed_request"
)
SECRET_PATTERN = re.compile(
    rf"(?P<query>(?:\b(?:{PARAMETERS})|[?&]code)=)[^&\s'\"<>]+"
    rf"|(?P<json>['\"](?:{PARAMETERS})['\"]: ?['\"])[^'\"]+"
    r"|(?P<header>Bearer )[^\s'\"]+"
    r"|(?P<token>\b)(?:EAA|IGAA|IGQ)[A-Za-z0-9_-]{20,}"
)


class Redactor:
    """Replaces known secrets, and texts that look like secrets; for use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def remember(self, *secrets: str) -> None:
        """Replace these secrets from now on, also as URLs, JSON and Python write them."""
        forms = {form for secret in secrets if len(secret) >= MIN_LENGTH for form in _forms(secret)}
        with self._lock:
            if forms <= self._known:
                return
            self._known |= forms
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def scrub(self, text: str) -> str:
        """Return a text with its secrets replaced."""
        # Without the lock: a signal handler that logs must not wait for the code it interrupted.
        pattern = self._pattern
        if pattern:
            text = pattern.sub(REPLACEMENT, text)
        return SECRET_PATTERN.sub(_keep_name, text)


def _forms(secret: str) -> set[str]:
    """Return the ways in which a secret can appear in a text."""
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


def _keep_name(match: re.Match[str]) -> str:
    """Keep the name of a secret, such as `access_token=`, and replace its value."""
    return f"{match[match.lastgroup or 0]}{REPLACEMENT}"


_redactor = Redactor()
remember = _redactor.remember
scrub = _redactor.scrub


def install() -> None:
    """Replace secrets in every log record and every uncaught exception of this process."""
    factory = logging.getLogRecordFactory()
    if getattr(factory, "replaces_secrets", False):
        return
    logging.setLogRecordFactory(_scrubbing(factory))
    sys.excepthook = _print_scrubbed
    threading.excepthook = lambda args: _print_scrubbed(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _scrubbing(factory: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """Return a factory of log records that replaces secrets in what another factory makes."""

    def scrubbing_factory(*args: Any, **options: Any) -> logging.LogRecord:  # noqa: ANN401
        record = factory(*args, **options)
        _scrub_record(record)
        return record

    scrubbing_factory.replaces_secrets = True  # type: ignore[attr-defined]
    return scrubbing_factory


def _scrub_record(record: logging.LogRecord) -> None:
    """Replace the secrets in a record.

    A record without secrets is not changed, because formatters use its separate parts.
    """
    try:
        message = record.getMessage()
    except (TypeError, ValueError):
        message = f"{record.msg} {record.args}"
    clean = scrub(message)
    if record.exc_info and record.exc_info[0]:
        trace = "".join(traceback.format_exception(*record.exc_info))
        clean_trace = scrub(trace)
        if clean_trace != trace:
            clean = f"{clean}\n{clean_trace}"
            record.exc_info = record.exc_text = None
    if clean != message:
        record.msg, record.args = clean, ()


def _print_scrubbed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, /
) -> None:
    sys.stderr.write(scrub("".join(traceback.format_exception(kind, error, trace))))
