"""What is kept of stories between runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import Fault
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer


def test_stories_that_meta_fails_at_are_not_kept_in_the_state(
    serve: Callable[..., GraphApiServer],
) -> None:
    """They end within a day: their ids would stay there for ever."""
    server = serve()
    stories = [story_id for (story_id,) in truth.stories(server.world, server.clock.now())]
    server.faults.add(Fault("unknown_error", match="insights.*navigation", times=None))
    run = run_tap(server, catalog=catalog("stories", "story_insights", "insight_gaps"))
    failed = {key[1] for key in run.table("insight_gaps") if key[3] == "meta_error"}
    assert failed
    assert failed <= set(stories)
    assert not [story_id for story_id in stories if story_id in json.dumps(run.states)]
