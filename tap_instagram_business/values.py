"""How single values are read: whatever Meta sends, a column gets its own type or NULL."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TypeAlias

Number: TypeAlias = "int | float"

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:(Z)|([+-]\d\d):?(\d\d))", re.ASCII)
WHOLE = re.compile(r"-?\d{1,18}")
FRACTIONAL = re.compile(r"-?\d{1,18}\.\d{1,18}")
MAX_WHOLE = 2**63 - 1
"""The largest whole number that a column of BigQuery and of most databases holds."""
DIGITS = re.compile(r"[0-9]{1,30}")
FOUNDED = dt.datetime(2010, 10, 6, tzinfo=dt.timezone.utc)
"""The day on which Instagram began: no moment of it is earlier."""
MIN_ID = 10**9
"""A smaller number is no id of a node: ids have ten digits and more."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Characters that no table stores: NUL, and halves of characters, which Meta's JSON may hold."""


def read_time(moment: object) -> dt.datetime | None:
    """Read a moment as Meta writes it: `2026-10-01T12:34:56+0000`; None if it is no moment.

    Fractions of a second, `Z`, a colon in the offset and Unix seconds were seen in answers of the
    Graph API too. Fractions are dropped.
    """
    try:
        if isinstance(moment, (int, float)) and not isinstance(moment, bool):
            found = dt.datetime.fromtimestamp(int(moment), dt.timezone.utc)
            return found if found >= FOUNDED else None
        if isinstance(moment, str) and (part := TIME.fullmatch(moment)):
            second, is_utc, hours, minutes = part.groups()
            offset = "+00:00" if is_utc else f"{hours}:{minutes}"
            return dt.datetime.fromisoformat(f"{second}{offset}")
    except (ValueError, OverflowError, OSError):
        pass
    return None


def read_number(value: object) -> Number | None:
    """Read a whole or fractional number, also one that is written as text; None if it is none.

    A number without a fraction is a whole number, however it is written.
    """
    if type(value) is int:  # Nearly all are: the rest of this function takes four times as long.
        return value if abs(value) <= MAX_WHOLE else None
    if isinstance(value, str):
        if WHOLE.fullmatch(value):
            value = int(value)
        elif FRACTIONAL.fullmatch(value):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if abs(value) > MAX_WHOLE:
        return None
    return int(value) if value == int(value) else value


def read_whole_number(value: object) -> int | None:
    """Read a whole number; None if it is none, or has a fraction."""
    number = read_number(value)
    return number if isinstance(number, int) else None


def read_text(value: object) -> str | None:
    """Read a text; None if it is none.

    A character that no table stores becomes U+FFFD, the sign for a character that is lost.
    """
    if not isinstance(value, str):
        return None
    is_plain = value.isascii() and "\0" not in value
    return value if is_plain else UNSTORABLE.sub("\ufffd", value)


def read_digits(value: object) -> str | None:
    """Read a number that is a name, such as an id, as text; None if it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and DIGITS.fullmatch(value) else None


def read_id(value: object) -> str | None:
    """Read the id of a node, of ten digits and more; None if it is none."""
    digits = read_digits(value)
    return digits if digits and int(digits) >= MIN_ID else None


def read_boolean(value: object) -> bool | None:
    """Read true or false; None if it is neither."""
    return value if isinstance(value, bool) else None
