"""Fields and lists of media that a client does not expect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api import Fault

if TYPE_CHECKING:
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve


def listed(client: Client, fields: str, **params: Any) -> list[dict[str, Any]]:
    """The media of the first account."""
    account = client.server.world.account_ids[0]
    pages = client.pages(f"{account}/media", fields=fields, **{"limit": 100, **params})
    return [item for page in pages for item in page]


def test_captions_with_half_characters_nul_and_thousands_of_emoji(serve: Serve) -> None:
    client = serve(posts=30)
    faults = client.server.faults
    faults.add(Fault("captions", form="surrogate"))
    assert len(listed(client, "caption")) == 30
    assert "\\ud83d" in client.response.text
    captions = [item.get("caption") for item in json.loads(client.response.text)["data"]]
    assert {caption and caption.count("\ude00") for caption in captions} == {1, None}
    faults.clear()
    faults.add(Fault("captions", form="nul"))
    assert any("\0" in item.get("caption", "") for item in listed(client, "caption"))
    faults.clear()
    faults.add(Fault("captions", form="emoji"))
    shown = {item.get("caption") for item in listed(client, "caption")}
    assert shown == {"🎉" * 2200, None}
    assert "caption" not in listed(client, "id")[0]
