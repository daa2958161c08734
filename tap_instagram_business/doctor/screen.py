"""Writes a diagnosis as text that fits one screen."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from tap_instagram_business.redaction import escape

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from tap_instagram_business.doctor.diagnosis import Diagnosis, ReadableAccount, RefusedMetric

WIDTH = 100
MARGIN = 10
MAX_LINES = 12
"""At most this many accounts or reasons are shown in each part."""


def write(seen: Diagnosis, now: dt.datetime) -> str:
    """Return the text: the verdict first, then the facts behind it."""
    lines = [*_verdict(seen), ""]
    for name, texts in _parts(seen, now):
        shown = [*texts[:MAX_LINES]]
        if len(texts) > MAX_LINES:
            shown.append(f"… and {len(texts) - MAX_LINES} more (--json shows all)")
        for text in shown:
            lines += _hung(name, text)
            name = ""  # noqa: PLW2901 - a name stands before its first line only
    return "\n".join(lines)


def _verdict(seen: Diagnosis) -> Iterator[str]:
    if not seen.problems:
        yield "A sync would work."
    for number, problem in enumerate(seen.problems):
        yield from wrap(f"{'And' if number else 'A sync would fail'}: {escape(problem)}.", WIDTH)
    for warning in seen.warnings:
        yield from wrap(f"Warning: {_ended(escape(warning))}", WIDTH)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _hung(name: str, text: str) -> list[str]:
    margin = " " * (MARGIN + 2)
    first = f"{name:{MARGIN}}  "
    return wrap(
        escape(text), WIDTH, initial_indent=first, subsequent_indent=margin, break_on_hyphens=False
    ) or [first.rstrip()]


def _parts(seen: Diagnosis, now: dt.datetime) -> Iterator[tuple[str, list[str]]]:
    until = f"until {seen.api_version_ends}" if seen.api_version_ends else "no end set"
    yield "reads", [seen.source]
    yield "login", [seen.login]
    yield "API", [f"{seen.api_version}, {until}"]
    yield "token", [_token(seen)]
    yield "ends", [_ends(seen, now)]
    yield "scopes", [_scopes(seen)]
    if seen.scopes_lacking:
        yield "lacking", [", ".join(seen.scopes_lacking)]
    yield "accounts", [str(len(seen.accounts))]
    yield "", _accounts(seen.accounts)
    if seen.missing:
        yield "not read", seen.missing
    if seen.refused is not None:
        yield "days", [_days(seen.day_labels)]
        yield "refused", _refused(seen.refused) or ["no metric"]
    yield "usage", [_usage(seen)]
    yield "cost", [f"{_of(seen.calls, 'call')} in {_of(seen.round_trips, 'round trip')}"]


def _token(seen: Diagnosis) -> str:
    owner = " ".join(part for part in (seen.owner_kind, seen.owner_name) if part) or "unknown"
    text = f"{owner} ({seen.owner_id})" if seen.owner_id else owner
    return f"{text}, of app {seen.app_name} ({seen.app_id})" if seen.app_id else text


def _ends(seen: Diagnosis, now: dt.datetime) -> str:
    if seen.login == "instagram":
        return "not told by Meta for the Instagram login; 60 days after it was made or refreshed"
    if not seen.is_told:
        return "not told by Meta"
    return f"{_when(seen.expires, now)}; data access: {_when(seen.data_access_expires, now)}"


def _when(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    left = (moment.date() - now.date()).days
    return f"{moment:%Y-%m-%d}, {f'in {left} days' if moment > now else 'over'}"


def _scopes(seen: Diagnosis) -> str:
    if seen.scopes is None:
        return "not told by Meta"
    return ", ".join(seen.scopes) or "none"


def _accounts(accounts: list[ReadableAccount]) -> list[str]:
    return [
        f"{account.id} {account.username}, {_count(account.followers)} followers, "
        f"{_count(account.media)} media"
        for account in accounts
    ]


def _days(labels: str | None) -> str:
    if labels is None:
        return "today's figures do not tell whether Meta labels a day by its start or its end"
    return f"Meta labels a day's figures by the {labels} of the day"


def _refused(refused: list[RefusedMetric]) -> list[str]:
    return [f"{item.metric} of {', '.join(item.asked_of)}: {item.reason}" for item in refused]


def _of(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _usage(seen: Diagnosis) -> str:
    text = f"{seen.usage_percent:g} % of Meta's rate limit at most"
    return (
        f"{text}, calls are allowed again in {seen.regain_minutes:g} minutes"
        if seen.regain_minutes
        else text
    )
