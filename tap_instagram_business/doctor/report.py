"""The result of the checks, as JSON and as text that fits on one screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph import api
from tap_instagram_business.graph.debug_token import TokenFacts
from tap_instagram_business.redaction import escape
from tap_instagram_business.values import read_text, read_whole_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.days import DayLabels
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.run import Run

NEEDED = ("instagram_basic", "instagram_manage_insights")
"""Permissions without which a sync fails."""
USEFUL = ("pages_show_list", "pages_read_engagement")
"""Permissions without which no account may be found, unless it is the token of a Page."""
UNKNOWN = "unknown (Meta does not report it)"
WIDTH = 100
MARGIN = 10
MAX_LINES = 12
"""At most this many accounts or reasons are shown in each part."""


@dataclass
class Report:
    """The result of the checks.

    Attributes:
        run: the run that the checks stand for.
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
        has_tried_metrics: whether any metric was tried.
    """

    run: Run
    source: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    token: TokenFacts | None = None
    owner_kind: str = ""
    owner: Mapping[str, Any] = field(default_factory=dict)
    permissions: frozenset[str] | None = None
    accounts: Sequence[Account] = ()
    skipped: list[str] = field(default_factory=list)
    day_labels: DayLabels | None = None
    has_tried_metrics: bool = False

    @property
    def scopes(self) -> list[str] | None:
        """The granted permissions; None if Meta does not report them."""
        if self.token:
            return list(self.token.scopes)
        return None if self.permissions is None else sorted(self.permissions)

    @property
    def scopes_lacking(self) -> list[str]:
        """Permissions that are needed or useful but not granted."""
        if self.scopes is None or self.run.config["login"] == "instagram":
            return []
        wanted = NEEDED if self.owner_kind == "page" else NEEDED + USEFUL
        return [name for name in wanted if name not in self.scopes]

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The metrics that Meta refuses today for every object of a kind.

        `reason` is as in column `insight_gaps.reason`, `asked_of` are the kinds of media or of
        account insights, and `error` is Meta's error.
        """
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for (kind, metric), error in sorted(self.run.graph.unsupported.items(), key=itemgetter(0)):
            reason = error.reason.value
            new = {"metric": metric, "reason": reason, "asked_of": [], "error": str(error)}
            found.setdefault((metric, reason), new)["asked_of"].append(kind)
        return [found[key] for key in sorted(found)]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values and moments; `ok` says whether a sync would work."""
        token, config = self.token or TokenFacts(), self.run.config
        limits, costs = self.run.graph.rate_limits, self.run.discovery_costs
        return {
            "ok": not self.problems,
            "problems": self.problems,
            "warnings": self.warnings,
            "source": self.source,
            "login": config["login"],
            "api_version": config["api_version"],
            "api_version_ends": api.version_end(config["api_version"]),
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
            "refused": self.refused if self.has_tried_metrics else None,
            "usage_percent": limits.highest_percent,
            "regain_minutes": limits.regain_minutes,
            "calls": costs.calls,
            "round_trips": costs.round_trips,
        }

    def to_text(self, now: dt.datetime) -> str:
        """Return it as text: the verdict first, then the facts behind it."""
        lines = [*self._verdict(), ""]
        for name, texts in _parts(self.to_json(), now):
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


def _parts(found: Mapping[str, Any], now: dt.datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the lines of each part of the text, from the report as JSON."""
    end = found["api_version_ends"]
    yield "reads", [found["source"]]
    yield "login", [found["login"]]
    yield "API", [f"{found['api_version']}, {f'until {end}' if end else 'no end set'}"]
    yield "token", [_token(found)]
    yield "ends", [_ends(found, now)]
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
        yield (
            "refused",
            [
                f"{it['metric']} of {', '.join(it['asked_of'])}: {it['reason']}"
                for it in found["refused"]
            ]
            or ["no metric"],
        )
    yield "usage", [_usage(found["usage_percent"], found["regain_minutes"])]
    round_trips = _number(found["round_trips"], "round trip")
    yield "cost", [f"{_number(found['calls'], 'call')} in {round_trips}"]


def _token(found: Mapping[str, Any]) -> str:
    owner = " ".join(filter(None, (found["owner_kind"], found["owner_name"]))) or "unknown"
    text = f"{owner} ({found['owner_id']})" if found["owner_id"] else owner
    app_id = found["app_id"]
    return f"{text}, of app {found['app_name']} ({app_id})" if app_id else text


def _ends(found: Mapping[str, Any], now: dt.datetime) -> str:
    if found["login"] == "instagram":
        return "unknown for the Instagram login; 60 days after the token was made or refreshed"
    if not found["is_token_known"]:
        return UNKNOWN
    data_access = _when(found["data_access_expires"], now)
    return f"{_when(found['expires'], now)}; data access: {data_access}"


def _when(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    left = (moment.date() - now.date()).days
    return f"{moment:%Y-%m-%d}, {f'in {left} days' if moment > now else 'expired'}"


def _days(labels: str | None) -> str:
    if labels is None:
        return "today's figures do not show whether Meta labels a day by its start or its end"
    return f"Meta labels a day's figures by the {labels} of the day"


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _usage(percent: float, regain_minutes: float) -> str:
    again = f", calls are allowed again in {regain_minutes:g} minutes" if regain_minutes else ""
    return f"{percent:g} % of Meta's rate limit at most{again}"
