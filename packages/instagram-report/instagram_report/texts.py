"""Numbers and captions as short texts."""

from __future__ import annotations

NONE = "–"  # noqa: RUF001 - the sign for a number that is not there
MINUS = "\N{MINUS SIGN}"
CAPTION_LENGTH = 80


def count(value: float | None) -> str:
    """Return a number with thousands separators, rounded to a whole one."""
    return NONE if value is None else f"{value:,.0f}".replace("-", MINUS)


def percent(share: float | None) -> str:
    """Return a fraction in percent, with one decimal."""
    return NONE if share is None else f"{share:.1%}".replace("-", MINUS)


def factor(value: float | None) -> str:
    """Return a factor with one decimal, and the sign of multiplication."""
    return NONE if value is None else f"{value:.1f}\N{MULTIPLICATION SIGN}"


def change(now: float | None, difference: float | None) -> str:
    """Return a change in percent of the number before, or in absolute terms if that was 0.

    Args:
        now: The number now.
        difference: The number now minus the number before.
    """
    if now is None or difference is None:
        return "no comparison"
    if difference == 0:
        return "unchanged"
    sign = "+" if difference > 0 else MINUS
    before = now - difference
    if before == 0:
        return f"{sign}{abs(difference):,.0f}"
    return f"{sign}{abs(difference / before):.1%}"


def short(caption: str | None) -> str:
    """Return the beginning of a caption on one line; a post without one is named so."""
    line = " ".join((caption or "").split())
    if not line:
        return "(no caption)"
    return line if len(line) <= CAPTION_LENGTH else line[: CAPTION_LENGTH - 1] + "…"
