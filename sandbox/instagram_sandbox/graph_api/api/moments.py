"""Reading `since` and `until`. Graph API: time-based pagination."""

from __future__ import annotations

from datetime import datetime, timezone

from instagram_sandbox.graph_api.api.errors import parameter
from instagram_sandbox.graph_api.pacific import PACIFIC


def read_moment(text: str, name: str) -> datetime:
    """Read unix seconds, or a date or time as strtotime would: without a zone it is Pacific time.

    Raises:
        GraphError: If it is neither.
    """
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), timezone.utc)
        plain = text.replace("Z", "+00:00") if text.endswith("Z") else text
        moment = datetime.fromisoformat(plain)
    except (ValueError, OverflowError, OSError):
        message = f"{name} param must be a valid unix timestamp or strtotime string"
        raise parameter(message) from None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
    return zoned.astimezone(timezone.utc)
