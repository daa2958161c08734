"""A plain reader of the Graph API, without any of the tap's code."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import requests

if TYPE_CHECKING:
    from instagram_sandbox.graph_api import GraphApiServer

PACIFIC = ZoneInfo("America/Los_Angeles")


class Client:
    """Reads a server with a token, and keeps the last response."""

    def __init__(self, server: GraphApiServer, token: str = "sandbox-token") -> None:
        self.server = server
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.response = requests.Response()

    def get(self, path: str, **params: Any) -> Any:
        """Read a path below the version."""
        url = f"{self.server.url}/v25.0/{path}"
        self.response = self.session.get(url, params=params, timeout=10)
        return self.response.json()

    def error(self, path: str, **params: Any) -> dict[str, Any]:
        """Read a path that is to be refused, and give the error."""
        body = self.get(path, **params)
        assert self.response.status_code >= 400, body
        error: dict[str, Any] = body["error"]
        return error

    def batch(self, *urls: str, **params: str) -> Any:
        """Read several relative URLs in one batch."""
        operations = [{"method": "GET", "relative_url": url} for url in urls]
        form = {"batch": json.dumps(operations), **params}
        self.response = self.session.post(f"{self.server.url}/v25.0/", data=form, timeout=10)
        return self.response.json()

    def pages(self, path: str, **params: Any) -> list[list[dict[str, Any]]]:
        """Read all pages of an edge."""
        pages: list[list[dict[str, Any]]] = []
        while True:
            body = self.get(path, **params)
            pages.append(body["data"])
            if "next" not in body.get("paging", {}):
                return pages
            params["after"] = body["paging"]["cursors"]["after"]

    def day(self, account_id: str, day: date, metrics: str, **params: Any) -> dict[str, Any]:
        """Read an account's totals of a Pacific day, by metric."""
        body = self.get(
            f"{account_id}/insights",
            metric=metrics,
            period="day",
            metric_type="total_value",
            **window(day),
            **params,
        )
        return {insight["name"]: insight.get("total_value") for insight in body["data"]}


def window(first: date, last: date | None = None) -> dict[str, int]:
    """Give `since` and `until` of Pacific days: from midnight to a second before midnight."""
    end = midnight((last or first) + timedelta(days=1)) - timedelta(seconds=1)
    return {"since": int(midnight(first).timestamp()), "until": int(end.timestamp())}


def midnight(day: date) -> datetime:
    """Give the beginning of a Pacific day."""
    return datetime(day.year, day.month, day.day, tzinfo=PACIFIC)
