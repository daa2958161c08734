"""Gives the sandbox of the demo a past: 60 days on which the tap ran.

It sets the clock of the sandbox to each of these days, runs the tap, and prints what a target would
hold after the last run, as Singer messages. The clock then shows the real time again. Run it with
the Python of the tap: `demo_history.py URL`, where URL is the address of the sandbox's Graph API.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from typing import Any

import requests

from tap_instagram_business.tap import TapInstagramBusiness

DAYS = 60
SETTINGS = {
    "access_token": "sandbox-token",
    # Old posts hardly change: the daily run of the demo reads them.
    "media_refresh": "21:0 *:45",
}
LEFT_OUT = {"media_children", "media_insights_breakdowns", "comments", "tagged_media"}
"""Tables that say nothing of the past; the daily run of the demo fills the first two."""


class Tables:
    """What a target holds that replaces rows with the same key."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}
        self.rows: dict[str, dict[tuple[Any, ...], Any]] = {}
        self.state: dict[str, Any] = {}

    def write_message(self, message: Any) -> None:  # noqa: ANN401 - the SDK calls it so
        """Take a message of the tap."""
        content = message.to_dict()
        if content["type"] == "SCHEMA":
            self.schemas[content["stream"]] = content
        elif content["type"] == "RECORD":
            keys = self.schemas[content["stream"]]["key_properties"]
            key = tuple(content["record"][name] for name in keys)
            self.rows.setdefault(content["stream"], {})[key] = content
        elif content["type"] == "STATE":
            self.state = content["value"]

    def print_messages(self) -> None:
        """Print everything, and the state of the last run at the end."""
        for stream, schema in self.schemas.items():
            print(json.dumps(schema))
            for record in self.rows.get(stream, {}).values():
                print(json.dumps(record, default=str))
        print(json.dumps({"type": "STATE", "value": self.state}))


def selection() -> dict[str, Any]:
    """Return the catalog without the tables that are left out."""
    catalog: dict[str, Any] = json.loads(
        TapInstagramBusiness(validate_config=False).catalog_json_text
    )
    for entry in catalog["streams"]:
        for part in entry["metadata"]:
            if not part["breadcrumb"]:
                part["metadata"]["selected"] = entry["tap_stream_id"] not in LEFT_OUT
    return catalog


def set_clock(url: str, moment: dt.datetime) -> None:
    """Set the clock of the sandbox."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy does not reach this machine
        session.post(
            f"{url}/_sandbox/clock", json={"set": moment.isoformat()}, timeout=10
        ).raise_for_status()


def main() -> None:
    """Run the tap on each of these days, and print what it has read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", help="the address of the sandbox's Graph API")
    url = parser.parse_args().url
    tables, catalog = Tables(), selection()
    today = dt.datetime.now(dt.timezone.utc)
    try:
        for days in range(DAYS, 0, -1):
            set_clock(url, today - dt.timedelta(days=days))
            TapInstagramBusiness(
                config={**SETTINGS, "api_url": url},
                catalog=catalog,
                state=json.loads(json.dumps(tables.state)),
                message_writer=tables,
            ).run()
    finally:
        set_clock(url, dt.datetime.now(dt.timezone.utc))
    tables.print_messages()


if __name__ == "__main__":
    main()
