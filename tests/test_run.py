"""Which media are known to be from before the conversion of their account."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pytest

from tap_instagram_business.graph.accounts import Account
from tap_instagram_business.run import Conversions

NEWEST = dt.datetime(2026, 3, 3, 12, tzinfo=dt.timezone.utc)
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
ACCOUNT, OTHER = Account("17841400000000001", "token"), Account("17841400000000002", "token")


@pytest.mark.parametrize("refused", [*permutations([NEWEST, NEWEST - DAY, NEWEST - 2 * DAY])])
def test_the_newest_refused_media_stands_for_all_older_ones(
    refused: tuple[dt.datetime, ...],
) -> None:
    conversions = Conversions()
    for posted in refused:
        conversions.add(ACCOUNT, posted)
    assert conversions.newest_refused(ACCOUNT) == NEWEST
    assert conversions.covers(ACCOUNT, NEWEST)
    assert conversions.covers(ACCOUNT, NEWEST - SECOND)
    assert not conversions.covers(ACCOUNT, NEWEST + SECOND)


def test_the_conversion_of_an_account_says_nothing_about_another() -> None:
    conversions = Conversions()
    conversions.add(ACCOUNT, NEWEST)
    assert conversions.newest_refused(OTHER) is None
    assert not conversions.covers(OTHER, NEWEST - DAY)
