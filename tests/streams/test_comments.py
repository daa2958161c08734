"""Which media are asked for comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import WorldSettings
from tests import truth
from tests.tap_run import catalog, run_tap
from tests.test_selection import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer


def test_media_without_comments_are_not_asked_for_any(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=20, days=20, tiny_accounts=1))
    media = truth.media(server.world, server.clock.now())
    commented = sorted(media_id for (media_id,), row in media.items() if row["comments_count"])
    assert 0 < len(commented) < len(media)
    run_tap(server, catalog=catalog("comments"))
    asked = [found[1] for line in lines(server) if (found := re.search(r"/(\d+)/comments", line))]
    assert sorted(asked) == commented
