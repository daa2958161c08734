"""How far back the window of follower_count may begin."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.pacific import ONE_DAY, day_of, midnight

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.world.accounts import Account

USUAL_DAYS = 30


def follower_count_edge(request: GraphRequest, account: Account) -> datetime:
    """Return the earliest moment at which the window of follower_count may begin.

    Without a condition it is the beginning of the Pacific day 30 days ago.
    """
    for condition in request.conditions_for("follower_count_edge", account):
        days = condition.number or 0
        if condition.form == "seconds":
            return request.now - timedelta(days=days)
        return midnight(day_of(request.now) - ONE_DAY * days)
    return midnight(day_of(request.now) - ONE_DAY * USUAL_DAYS)
