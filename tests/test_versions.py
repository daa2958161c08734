"""Versions of the Graph API end, and one is told in time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.graph import api
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer


def test_a_sync_warns_of_a_version_too(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    run_tap(serve(WorldSettings(accounts=1, posts=1, days=1)), api_version="v21.0")
    assert (
        "API version v21.0 ends on 2027-01-21, in 62 days: raise setting `api_version`, or leave "
        "it out."
    ) in caplog.messages


@pytest.mark.parametrize(
    ("version", "day", "warning"),
    [
        ("v26.0", "2030-01-01", ""),
        ("v25.0", "2028-04-30", ""),
        ("v25.0", "2028-05-01", "API version v25.0 ends on 2028-07-29, in 89 days"),
        ("v25.0", "2028-07-29", "API version v25.0 ended on 2028-07-29, Meta answers as another"),
        ("v9.0", "2026-11-20", "API version v9.0 ended before 2026-05-21, Meta answers as another"),
    ],
)
def test_the_calendar_of_versions(version: str, day: str, warning: str) -> None:
    said = api.version_warning(version, dt.date.fromisoformat(day))
    assert said.startswith(warning)
    assert bool(said) == bool(warning)
