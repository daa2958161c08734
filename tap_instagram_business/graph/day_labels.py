"""Finds out whether Meta labels the figures of a day by the day's start or by its end.

Meta's page calls `end_time` a cutoff, recordings show the start, many clients take it for the end.
Today's figures tell: they are labelled by a moment that has passed, or by one that is to come.
"""

from __future__ import annotations

import datetime as dt
from operator import attrgetter
from typing import TYPE_CHECKING

from tap_instagram_business import days
from tap_instagram_business.days import DayLabels
from tap_instagram_business.graph.insights_request import of_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.client import GraphClient

METRIC = "reach"
"""The metric that has a figure for nearly every day."""
MAX_ASKED = 3
"""At most so many accounts are asked, those with most followers first."""
EARLY = dt.timedelta(hours=3)
"""So soon after its beginning, a day may have no figures yet, and that says nothing."""


def find_day_labels(client: GraphClient, accounts: Sequence[Account]) -> DayLabels | None:
    """Ask Meta, with one call as a rule, how it labels days; None if that cannot be told.

    Args:
        client: the Graph API.
        accounts: the accounts, of which the one with most followers is asked first.

    Raises:
        GraphFailure: Meta does not answer any more.
    """
    known = [account for account in accounts if account.followers is not None]
    for account in sorted(known, key=attrgetter("followers"), reverse=True)[:MAX_ASKED]:
        # The figures whose label is the start or the end of today.
        today = days.pacific_date(client.now())
        since, until = days.start_of(today), days.start_of(today + days.DAY)
        window = {"since": str(int(since.timestamp())), "until": str(int(until.timestamp()))}
        call = of_account(account, (METRIC,), "accounts, today", period="day", **window)
        result = client.send(call)
        labels = labels_of(result.insights.series.get(METRIC, []), client.now())
        if labels:
            return labels
    return None


def labels_of(buckets: Iterable[tuple[dt.datetime, object]], now: dt.datetime) -> DayLabels | None:
    """Return what a series that ends with today says about its labels; None if it says nothing.

    Args:
        buckets: `end_time` and figure of each bucket.
        now: the time by Meta's clock.
    """
    today = days.pacific_date(now)
    figures = {days.pacific_date(end_time): figure for end_time, figure in buckets}
    if figures.get(today + days.DAY):
        return DayLabels(are_ends=True)
    is_early = now - days.start_of(today) < EARLY
    if figures.get(today) and figures.get(today + days.DAY) is None and not is_early:
        return DayLabels(are_ends=False)
    return None
