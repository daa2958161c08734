"""The result of an examination: plain data, for the screen and for machines."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class ReadableAccount:
    """An account that a sync would read."""

    id: str
    username: str = ""
    followers: int | None = None
    media: int | None = None


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
class Diagnosis:
    """What an examination has found.

    Attributes:
        problems: why a sync would fail, the first cause first; empty if it would work.
        warnings: what will or may go wrong.
        source: whom a sync would ask, and in which of Meltano's environments.
        login: `facebook` or `instagram`.
        api_version: the version of setting `api_version`.
        api_version_ends: when Meta stops serving it; None if Meta has not set a day.
        owner_kind: `user`, `page`, `system user` or `Instagram user`; '' if unknown.
        owner_id: the id of the token's owner.
        owner_name: the name of the token's owner.
        app_id: the app that issued the token.
        app_name: the name of that app.
        is_told: whether Meta tells when the token ends and which app issued it.
        expires: when the token ends; None if it never ends.
        data_access_expires: when Meta stops answering unless the owner uses the app again.
        scopes: the granted permissions; None if Meta does not tell.
        scopes_lacking: permissions that are needed but not granted.
        accounts: the accounts that a sync would read.
        missing: what else the token sees, and why it is not read.
        day_labels: whether Meta labels a day by its `start` or by its `end`; None if the figures of
            today do not tell.
        refused: metrics that Meta refuses today; None if none was tried.
        usage_percent: the highest usage of a rate limit that an answer reported.
        regain_minutes: minutes until calls are allowed again, if a rate limit is used up.
        calls: how many calls the examination took, as Meta counts them.
        round_trips: how many HTTP requests that were.
    """

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    source: str = ""
    login: str = "facebook"
    api_version: str = ""
    api_version_ends: dt.date | None = None
    owner_kind: str = ""
    owner_id: str = ""
    owner_name: str = ""
    app_id: str = ""
    app_name: str = ""
    is_told: bool = False
    expires: dt.datetime | None = None
    data_access_expires: dt.datetime | None = None
    scopes: list[str] | None = None
    scopes_lacking: list[str] = field(default_factory=list)
    accounts: list[ReadableAccount] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    day_labels: str | None = None
    refused: list[RefusedMetric] | None = None
    usage_percent: float = 0.0
    regain_minutes: float = 0.0
    calls: int = 0
    round_trips: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; `ok` says whether a sync would work."""
        values = asdict(self)
        moments = {
            name: value.isoformat() for name, value in values.items() if isinstance(value, dt.date)
        }
        return {"ok": not self.problems, **values, **moments}
