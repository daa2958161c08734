"""What a reader of the Graph API sees of one world in a few days, by HTTP alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings
from tests.sandbox.graph_api.client import Client, midnight, window

DAY = timedelta(days=1)
DAYS = [date(2026, 11, 21) + DAY * number for number in range(5)]
"""The Pacific days at whose beginnings and ends all media are read."""
EVERY = timedelta(hours=4)
EMPTY_UNTIL = timedelta(minutes=30)
MEDIA_METRICS = "views,reach,likes,comments,saved,shares,reposts,total_interactions"
STORY_METRICS = "views,reach,shares,replies,reposts,total_interactions,profile_visits,follows"
DAY_METRICS = (
    "views,reach,likes,comments,saves,shares,replies,reposts,total_interactions,"
    "accounts_engaged,profile_views,website_clicks,profile_links_taps"
)
SPLIT_METRICS = "views,likes,comments,shares,saves,total_interactions"

Figures = dict[str, int]


@dataclass
class Media:
    """A post or story, and its insights by moment; none in the first half hour."""

    kind: str
    published: datetime
    readings: dict[datetime, Figures] = field(default_factory=dict)

    def at(self, moment: datetime) -> Figures:
        """The newest reading up to a moment."""
        past = [when for when in self.readings if when <= moment]
        return self.readings[max(past)] if past else {}

    def gain(self, since: datetime, until: datetime) -> Figures:
        """What it gained between two readings; nothing is known if the first one is missing."""
        before, after = self.at(since), self.at(until)
        if self.published < since and not before:
            return {}
        return {name: value - before.get(name, 0) for name, value in after.items()}

    def unread_at(self, moment: datetime) -> bool:
        """Say whether it had been published at a moment, but had no insights yet."""
        return moment - EMPTY_UNTIL <= self.published <= moment


@dataclass
class Account:
    """What one account shows. Lists by day are read when the numbers are final."""

    id: str
    followers: dict[datetime, int] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    days: dict[date, Figures] = field(default_factory=dict)
    parts: dict[date, dict[str, Figures]] = field(default_factory=dict)
    moves: dict[date, Figures] = field(default_factory=dict)
    new_followers: dict[str, int] = field(default_factory=dict)
    reach: dict[str, dict[str, int]] = field(default_factory=dict)
    online: dict[str, Figures] = field(default_factory=dict)
    demographics: dict[str, dict[tuple[str, ...], int]] = field(default_factory=dict)
    engaged: dict[tuple[str, ...], int] = field(default_factory=dict)

    def of_kinds(self, *kinds: str) -> list[Media]:
        """The media of these kinds that had insights at some reading."""
        return [media for media in self.media.values() if media.kind in kinds and media.readings]


class Observer:
    """Reads a world at the beginning and end of each day, its stories every four hours."""

    def __init__(self, seed: int) -> None:
        settings = WorldSettings(
            seed=seed,
            posts=80,
            days=60,
            start=datetime(2026, 11, 21, 6, tzinfo=midnight(DAYS[0]).tzinfo),
            tiny_accounts=1,
            legacy_videos_days_ago=None,
            empty_day_share=0,
        )
        self.server = GraphApiServer(settings)

    def observe(self) -> list[Account]:
        """Read everything. The second account has fewer than 100 followers."""
        with self.server:
            self.client = Client(self.server)
            pages = self.client.get("me/accounts", fields="instagram_business_account")["data"]
            found = [page.get("instagram_business_account") for page in pages]
            accounts = [Account(each["id"]) for each in found if each]
            moment, last = midnight(DAYS[0]), midnight(DAYS[-1] + DAY)
            while moment <= last:
                self.server.clock.set(moment)
                for account in accounts:
                    self._read_stories(account, moment)
                    if moment.hour == 0:
                        self._read_media(account, moment)
                        node = self.client.get(account.id, fields="followers_count")
                        account.followers[moment] = node["followers_count"]
                moment += EVERY
            self.server.clock.set(last + timedelta(hours=49))
            for account in accounts:
                self._read_days(account)
                self._read_series(account)
                self._read_people(account)
            final = last + timedelta(days=29)
            self.server.clock.set(final)
            for account in accounts:
                self._read_media(account, final)
            self.client.session.close()
        return accounts

    def _note(self, account: Account, node: dict[str, Any], kind: str, moment: datetime) -> None:
        published = datetime.strptime(node["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
        media = account.media.setdefault(node["id"], Media(kind, published))
        figures = {each["name"]: each["values"][0]["value"] for each in node["insights"]["data"]}
        if figures:
            media.readings[moment] = figures

    def _read_media(self, account: Account, moment: datetime) -> None:
        fields = f"media_type,timestamp,insights.metric({MEDIA_METRICS})"
        for page in self.client.pages(f"{account.id}/media", fields=fields, limit=25):
            for node in page:
                self._note(account, node, node["media_type"], moment)

    def _read_stories(self, account: Account, moment: datetime) -> None:
        for node in self.client.get(f"{account.id}/stories", fields="timestamp")["data"]:
            answer = self.client.get(f"{node['id']}/insights", metric=STORY_METRICS)
            # Meta refuses the insights of stories with fewer than five viewers.
            if "data" in answer:
                self._note(account, {**node, "insights": answer}, "STORY", moment)

    def _read_days(self, account: Account) -> None:
        for day in DAYS:
            totals = self.client.day(account.id, day, DAY_METRICS)
            account.days[day] = {name: total["value"] for name, total in totals.items()}
            split = self.client.day(account.id, day, SPLIT_METRICS, breakdown="media_product_type")
            account.parts[day] = {
                name: {
                    part["dimension_values"][0]: part["value"]
                    for part in total["breakdowns"][0]["results"]
                }
                for name, total in split.items()
            }
            moves = self.client.day(
                account.id, day, "follows_and_unfollows", breakdown="follow_type"
            )
            for total in moves.values():
                results = total["breakdowns"][0]["results"]
                account.moves[day] = defaultdict(
                    int, {part["dimension_values"][0]: part["value"] for part in results}
                )

    def _series(self, account: Account, metric: str, period: str) -> dict[str, Any]:
        """Give the values of 28 days by the Pacific date at which their days begin."""
        asked = window(DAYS[-1] - DAY * 27, DAYS[-1])
        answer = self.client.get(f"{account.id}/insights", metric=metric, period=period, **asked)
        return {
            value["end_time"][:10]: value["value"]
            for insight in answer["data"]
            for value in insight["values"]
        }

    def _read_series(self, account: Account) -> None:
        for period in ("day", "week", "days_28"):
            account.reach[period] = self._series(account, "reach", period)
        account.new_followers = self._series(account, "follower_count", "day")
        account.online = self._series(account, "online_followers", "lifetime")

    def _read_people(self, account: Account) -> None:
        for breakdown in ("age", "gender", "age,gender", "city", "country"):
            account.demographics[breakdown] = self._demographics(
                account, "follower_demographics", breakdown
            )
        account.engaged = self._demographics(
            account, "engaged_audience_demographics", "country", timeframe="this_month"
        )

    def _demographics(
        self, account: Account, metric: str, breakdown: str, **params: str
    ) -> dict[tuple[str, ...], int]:
        answer = self.client.get(
            f"{account.id}/insights",
            metric=metric,
            period="lifetime",
            metric_type="total_value",
            breakdown=breakdown,
            **params,
        )
        return {
            tuple(part["dimension_values"]): part["value"]
            for insight in answer["data"]
            for part in insight["total_value"]["breakdowns"][0]["results"]
        }
