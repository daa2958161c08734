"""The parameters `since` and `until`. Graph API: time-based pagination."""

from __future__ import annotations

from datetime import datetime, timezone

from instagram_sandbox.graph_api.api.errors import invalid_parameter
from instagram_sandbox.graph_api.pacific import PACIFIC


def parse_time(text: str, name: str) -> datetime:
    """Read a moment: Unix seconds, or a date or time, which is Pacific time without a time zone.

    Args:
        text: The value of the parameter.
        name: The name of the parameter, for the error.

    Raises:
        GraphError: If the value is not a moment.
    """
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), timezone.utc)
        plain = text.replace("Z", "+00:00") if text.endswith("Z") else text
        moment = datetime.fromisoformat(plain)
    except (ValueError, OverflowError, OSError):
        message = f"{name} param must be a valid unix timestamp or strtotime string"
        raise invalid_parameter(message) from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
    return aware.astimezone(timezone.utc)
