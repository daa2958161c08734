"""No secret in any log line or traceback: what is known to be one is struck out of all of them.

It works where log records are made, not where they are written: Meltano brings a logging
configuration of its own, and libraries log addresses that hold tokens.
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

STRUCK_OUT = "(secret)"
SHORTEST = 8
"""A shorter secret is not looked for: striking it out would tear words apart."""

_PARAMETERS = (
    "access_token|appsecret_proof|client_secret|fb_exchange_token|input_token|signed_request"
)
_SHAPES = re.compile(
    rf"(?P<query>(?:\b(?:{_PARAMETERS})|[?&]code)=)[^&\s'\"<>]+"
    rf"|(?P<json>['\"](?:{_PARAMETERS})['\"]: ?['\"])[^'\"]+"
    r"|(?P<header>Bearer )[^\s'\"]+"
    r"|(?P<token>\b)(?:EAA|IGAA|IGQ)[A-Za-z0-9_-]{20,}"
)


class Redactor:
    """Strikes secrets out of texts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def remember(self, *secrets: str) -> None:
        """Strike these out from now on, as they are and as URLs, JSON and Python show them."""
        shown = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        with self._lock:
            if shown <= self._known:
                return
            self._known |= shown
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def scrub(self, text: str) -> str:
        """Return a text without secrets, the known ones and what looks like one."""
        if self._pattern:
            text = self._pattern.sub(STRUCK_OUT, text)
        return _SHAPES.sub(_keep_name, text)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


def _keep_name(found: re.Match[str]) -> str:
    return f"{found[found.lastgroup or 0]}{STRUCK_OUT}"


_redactor = Redactor()
remember = _redactor.remember
scrub = _redactor.scrub


def install() -> None:
    """Strike secrets out of every log record and every uncaught exception of this process."""
    made_by = logging.getLogRecordFactory()
    if getattr(made_by, "strikes_out_secrets", False):
        return
    logging.setLogRecordFactory(_scrubbing(made_by))
    sys.excepthook = _show
    threading.excepthook = lambda args: _show(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _scrubbing(made_by: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def factory(*args: Any, **options: Any) -> logging.LogRecord:  # noqa: ANN401
        record = made_by(*args, **options)
        _scrub_record(record)
        return record

    factory.strikes_out_secrets = True  # type: ignore[attr-defined]
    return factory


def _scrub_record(record: logging.LogRecord) -> None:
    """Leave a record alone unless it shows a secret: formatters look at its parts."""
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


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
    sys.stderr.write(scrub("".join(traceback.format_exception(kind, error, trace))))
