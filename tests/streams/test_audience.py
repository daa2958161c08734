"""How often the audience is read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

ONLY = catalog("audience_demographics", "insight_gaps")


@pytest.mark.parametrize(
    ("every", "pauses", "read"),
    [
        (7, (6, 1, 6, 1), [True, False, True, False, True]),
        (1, (0, 1), [True, False, True]),
        (0, (0, 0), [True, True, True]),
    ],
)
def test_so_many_days_lie_between_two_readings(
    serve: Callable[..., GraphApiServer], every: int, pauses: tuple[int, ...], read: list[bool]
) -> None:
    server, state, seen = serve(), dict[str, Any](), []
    for pause in (*pauses, 0):
        run = run_tap(server, catalog=ONLY, state=state, demographics_every_days=every)
        state = run.state
        dates = {row["snapshot_date"] for row in run.records["audience_demographics"]}
        assert dates <= {server.clock.now().date().isoformat()}
        seen.append(bool(dates))
        server.clock.advance(dt.timedelta(days=pause))
    assert seen == read
