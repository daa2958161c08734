"""What was seen of a token: plain data, for the screen and for machines."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Reached:
    """An account that a sync would read."""

    id: str
    username: str = ""
    followers: int | None = None
    media: int | None = None


@dataclass(frozen=True)
class Refused:
    """A metric that Meta refuses today.

    Attributes:
        metric: Meta's name of it.
        reason: why, in the words of `insight_gaps.reason`.
        asked_of: the kinds of media, or of account insights, for which it is refused.
        error: what Meta says.
    """

    metric: str
    reason: str
    asked_of: tuple[str, ...]
    error: str


@dataclass
class Diagnosis:
    """What was seen.

    Attributes:
        problems: why a sync would fail, the first cause first; empty where it would work.
        warnings: what will go wrong, or may.
        login: `facebook` or `instagram`.
        api_version: the version asked for.
        api_version_ends: when Meta stops serving it; None where that is not set.
        owner_kind: `user`, `page`, `system user`, `Instagram user`; '' where nobody knows.
        owner_id: whom the token belongs to.
        owner_name: the same by name.
        app_id: the app that it was issued to.
        app_name: the same by name.
        is_told: whether Meta tells of the token when it ends, and of which app it is.
        expires: when the token ends; None for never.
        data_access_expires: when Meta stops answering unless its owner uses the app again.
        scopes: permissions granted; None where Meta does not tell.
        scopes_lacking: permissions that are needed and not granted.
        accounts: what a sync would read.
        missing: what the token sees besides, and why it is not read.
        refused: metrics that Meta refuses today; None where none was tried.
        usage_percent: the highest share of Meta's allowance that an answer reported.
        regain_minutes: minutes until a used-up allowance is back.
        calls: what all this took, in calls as Meta counts them.
        round_trips: the same in HTTP requests.
    """

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
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
    accounts: list[Reached] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[Refused] | None = None
    usage_percent: float = 0.0
    regain_minutes: float = 0.0
    calls: int = 0
    round_trips: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON takes it, with `ok` saying whether a sync would work."""
        values = asdict(self)
        moments = {
            name: value.isoformat() for name, value in values.items() if isinstance(value, dt.date)
        }
        return {"ok": not self.problems, **values, **moments}
