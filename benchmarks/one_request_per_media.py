"""The yardstick: reads the same tables in the straightforward way, one request per media.

python benchmarks/one_request_per_media.py API_URL TOKEN > rows.jsonl
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

PACIFIC = ZoneInfo("America/Los_Angeles")
DAYS = 30
FIELDS = (
    "id,caption,media_type,media_product_type,permalink,media_url,thumbnail_url,timestamp,"
    "username,like_count,comments_count"
)
SLIDE_FIELDS = "id,media_type,media_url,thumbnail_url,permalink,timestamp"
DAY_METRICS = (
    "reach,views,accounts_engaged,total_interactions,likes,comments,shares,saves,replies,reposts,"
    "profile_links_taps,profile_views,website_clicks"
)
MEDIA_METRICS = {
    "REELS": "views,reach,likes,comments,saved,shares,reposts,total_interactions,"
    "ig_reels_avg_watch_time,ig_reels_video_view_total_time,reels_skip_rate",
    "FEED": "views,reach,likes,comments,saved,shares,reposts,total_interactions,profile_visits,"
    "follows",
}


class Reader:
    """Asks for one thing at a time."""

    def __init__(self, url: str, token: str) -> None:
        self.url = f"{url}/v26.0"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Return an answer, whatever it says."""
        answer: dict[str, Any] = self.http.get(f"{self.url}/{path}", params=params).json()
        return answer

    def pages(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a list."""
        while True:
            page = self.get(path, **params)
            yield from page.get("data", ())
            if not page.get("paging", {}).get("next"):
                return
            params["after"] = page["paging"]["cursors"]["after"]

    def account_days(self, account_id: str) -> Iterator[dict[str, Any]]:
        """Yield the insights of each of the last days, one request a day and group."""
        response = self.http.get(f"{self.url}/me")
        today = parsedate_to_datetime(response.headers["Date"]).astimezone(PACIFIC).date()
        for back in range(DAYS, 0, -1):
            day = today - dt.timedelta(days=back)
            begin, end = (
                dt.datetime.combine(day + dt.timedelta(days=plus), dt.time(), PACIFIC)
                for plus in (0, 1)
            )
            window = {
                "period": "day",
                "metric_type": "total_value",
                "since": str(int(begin.timestamp())),
                "until": str(int(end.timestamp()) - 1),
            }
            path = f"{account_id}/insights"
            follows = {"metric": "follows_and_unfollows", "breakdown": "follow_type"}
            yield self.get(path, metric=DAY_METRICS, **window)
            yield self.get(path, **follows, **window)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield everything."""
        for page in self.pages("me/accounts", fields="instagram_business_account", limit="100"):
            if "instagram_business_account" not in page:
                continue
            account_id = page["instagram_business_account"]["id"]
            yield self.get(account_id, fields="username,followers_count,media_count")
            yield from self.account_days(account_id)
            for media in self.pages(f"{account_id}/media", fields=FIELDS, limit="100"):
                yield media
                if media["media_type"] == "CAROUSEL_ALBUM":
                    yield from self.pages(f"{media['id']}/children", fields=SLIDE_FIELDS)
                metrics = MEDIA_METRICS[media["media_product_type"]]
                yield self.get(f"{media['id']}/insights", metric=metrics)


if __name__ == "__main__":
    for row in Reader(*sys.argv[1:]).rows():
        sys.stdout.write(json.dumps(row) + "\n")
