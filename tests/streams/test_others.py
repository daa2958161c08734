"""What becomes of a list of media of others that Meta refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer


@pytest.mark.parametrize(
    ("table", "edge"), [("tagged_media", "tags"), ("collaborative_media", "collaborative_media")]
)
def test_an_account_whose_list_is_refused_is_told_and_the_others_are_read(
    serve: Callable[..., GraphApiServer], table: str, edge: str
) -> None:
    server = serve(WorldSettings(accounts=2, posts=20, days=60))
    victim, other = server.world.account_ids
    server.faults.add(Fault("permission", match=rf"{victim}/{edge}", times=None))
    run = run_tap(server, catalog=catalog(table), strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert f"{victim} (" in str(run.error)
    assert {row["account_id"] for row in run.records[table]} == {other}
