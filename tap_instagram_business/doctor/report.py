"""The result of the checks, as JSON and as text that fits on one screen."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph import api
from tap_instagram_business.graph.debug_token import TokenFacts
from tap_instagram_business.redaction import escape
from tap_instagram_business.values import read_text, read_whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.days import DayLabels
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.rate_limits import Costs, RateLimits

NEEDED = ("instagram_basic", "instagram_manage_insights")
"""Permissions without which a sync fails."""
USEFUL = ("pages_show_list", "pages_read_engagement")
"""Permissions without which no account may be found, unless it is the token of a Page."""
UNKNOWN = "unknown (Meta does not report it)"
WIDTH = 100
MARGIN = 10
MAX_LINES = 12
"""At most this many accounts or reasons are shown in each part."""


@dataclass(frozen=True)
class RefusedMetric:
    """A metric that Meta refuses today.

    Attributes:
        metric: Meta's name of it.
        reason: why, as in column `insight_gaps.reason`.
        asked_of: the kinds of media, or of account insights, for which it is refused.
        error: Meta's error.
    """

    metric: str
    reason: str
    asked_of: tuple[str, ...]
    error: str


@dataclass
class Report:
    """The result of the checks.

    Attributes:
        login: `facebook` or `instagram`.
        api_version: the version of setting `api_version`.
        rate_limits: the usage that Meta reported.
        costs: the calls and HTTP requests of the checks.
        source: the host that a sync would call, and Meltano's environment.
        problems: why a sync would fail, the first cause first; empty if it would work.
        warnings: what will or may go wrong.
        token: what Meta reports about the token; None if nothing.
        owner_kind: `user`, `page`, `system user` or `Instagram user`; '' if unknown.
        owner: `id` and `name` of the token's owner.
        permissions: the permissions that Meta lists for the owner; None if it lists none.
        accounts: the accounts that a sync would read.
        skipped: accounts and Pages that are visible to the token but skipped, with the reason.
        day_labels: whether Meta labels a day by its `start` or by its `end`; None if the figures of
            today do not show it.
        refused: metrics that Meta refuses today; None if none was tried.
    """

    login: str
    api_version: str
    rate_limits: RateLimits
    costs: Costs
    source: str = ""
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    token: TokenFacts | None = None
    owner_kind: str = ""
    owner: Mapping[str, Any] = field(default_factory=dict)
    permissions: frozenset[str] | None = None
    accounts: Sequence[Account] = ()
    skipped: list[str] = field(default_factory=list)
    day_labels: DayLabels | None = None
    refused: list[RefusedMetric] | None = None

    @property
    def scopes(self) -> list[str] | None:
        """The granted permissions; None if Meta does not report them."""
        if self.token:
            return list(self.token.scopes)
        return None if self.permissions is None else sorted(self.permissions)

    @property
    def scopes_lacking(self) -> list[str]:
        """Permissions that are needed or useful but not granted."""
        if self.scopes is None or self.login == "instagram":
            return []
        wanted = NEEDED if self.owner_kind == "page" else NEEDED + USEFUL
        return [name for name in wanted if name not in self.scopes]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; `ok` says whether a sync would work."""
        token = self.token or TokenFacts()
        values = {
            "ok": not self.problems,
            "problems": self.problems,
            "warnings": self.warnings,
            "source": self.source,
            "login": self.login,
            "api_version": self.api_version,
            "api_version_ends": api.version_end(self.api_version),
            "owner_kind": self.owner_kind,
            "owner_id": str(self.owner.get("id", "")),
            "owner_name": str(self.owner.get("name") or ""),
            "app_id": token.app_id,
            "app_name": token.app_name,
            "is_token_known": self.token is not None,
            "expires": token.expires,
            "data_access_expires": token.data_access_expires,
            "scopes": self.scopes,
            "scopes_lacking": self.scopes_lacking,
            "accounts": [_described(account) for account in self.accounts],
            "skipped": self.skipped,
            "day_labels": self.day_labels and self.day_labels.name,
            "refused": None if self.refused is None else [asdict(each) for each in self.refused],
            "usage_percent": self.rate_limits.highest_percent,
            "regain_minutes": self.rate_limits.regain_minutes,
            "calls": self.costs.calls,
            "round_trips": self.costs.round_trips,
        }
        return {
            name: value.isoformat() if isinstance(value, dt.date) else value
            for name, value in values.items()
        }

    def to_text(self, now: dt.datetime) -> str:
        """Return it as text: the verdict first, then the facts behind it."""
        lines = [*self._verdict(), ""]
        for name, texts in _parts(self.to_json(), self.token or TokenFacts(), now):
            shown = [*texts[:MAX_LINES]]
            if len(texts) > MAX_LINES:
                shown.append(f"… and {len(texts) - MAX_LINES} more (--json shows all)")
            names = [name, *[""] * len(shown)]
            lines += [line for pair in zip(names, shown, strict=False) for line in _wrapped(*pair)]
        return "\n".join(lines)

    def _verdict(self) -> Iterator[str]:
        if not self.problems:
            yield "A sync would work."
        for number, problem in enumerate(self.problems):
            first = "And" if number else "A sync would fail"
            yield from wrap(f"{first}: {escape(problem)}.", WIDTH)
        for warning in self.warnings:
            text = escape(warning)
            end = "" if text.endswith((".", "?")) else "."
            yield from wrap(f"Warning: {text}{end}", WIDTH)


def _described(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "username": read_text(account.node.get("username")) or "",
        "followers": account.followers,
        "media": read_whole_number(account.node.get("media_count")),
    }


def _wrapped(name: str, text: str) -> list[str]:
    margin = " " * (MARGIN + 2)
    first = f"{name:{MARGIN}}  "
    return wrap(
        escape(text), WIDTH, initial_indent=first, subsequent_indent=margin, break_on_hyphens=False
    ) or [first.rstrip()]


def _parts(
    found: Mapping[str, Any], token: TokenFacts, now: dt.datetime
) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the lines of each part of the text, from the report as JSON."""
    end = found["api_version_ends"]
    yield "reads", [found["source"]]
    yield "login", [found["login"]]
    yield "API", [f"{found['api_version']}, {f'until {end}' if end else 'no end set'}"]
    yield "token", [_token(found)]
    yield "ends", [_ends(found, token, now)]
    yield "scopes", [UNKNOWN if found["scopes"] is None else ", ".join(found["scopes"]) or "none"]
    if found["scopes_lacking"]:
        yield "lacking", [", ".join(found["scopes_lacking"])]
    yield "accounts", [str(len(found["accounts"]))]
    yield (
        "",
        [
            f"{account['id']} {account['username']}, {_count(account['followers'])} followers, "
            f"{_count(account['media'])} media"
            for account in found["accounts"]
        ],
    )
    if found["skipped"]:
        yield "skipped", found["skipped"]
    if found["refused"] is not None:
        yield "days", [_days(found["day_labels"])]
        yield "refused", _refused(found["refused"]) or ["no metric"]
    yield "usage", [_usage(found["usage_percent"], found["regain_minutes"])]
    round_trips = _number(found["round_trips"], "round trip")
    yield "cost", [f"{_number(found['calls'], 'call')} in {round_trips}"]


def _token(found: Mapping[str, Any]) -> str:
    owner = " ".join(filter(None, (found["owner_kind"], found["owner_name"]))) or "unknown"
    text = f"{owner} ({found['owner_id']})" if found["owner_id"] else owner
    app_id = found["app_id"]
    return f"{text}, of app {found['app_name']} ({app_id})" if app_id else text


def _ends(found: Mapping[str, Any], token: TokenFacts, now: dt.datetime) -> str:
    if found["login"] == "instagram":
        return "unknown for the Instagram login; 60 days after the token was made or refreshed"
    if not found["is_token_known"]:
        return UNKNOWN
    return f"{_when(token.expires, now)}; data access: {_when(token.data_access_expires, now)}"


def _when(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    left = (moment.date() - now.date()).days
    return f"{moment:%Y-%m-%d}, {f'in {left} days' if moment > now else 'expired'}"


def _days(labels: str | None) -> str:
    if labels is None:
        return "today's figures do not show whether Meta labels a day by its start or its end"
    return f"Meta labels a day's figures by the {labels} of the day"


def _refused(refused: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{it['metric']} of {', '.join(it['asked_of'])}: {it['reason']}" for it in refused]


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _usage(percent: float, regain_minutes: float) -> str:
    text = f"{percent:g} % of Meta's rate limit at most"
    if not regain_minutes:
        return text
    return f"{text}, calls are allowed again in {regain_minutes:g} minutes"
