"""Several loaders fill the same tables at the same time, as the shards of many accounts do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.loader.messages import record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

SEES_NOTHING_YET = """
import sys
from google.api_core.exceptions import NotFound
from google.cloud.bigquery import Client
def once(look):
    seen = set()
    def looked(client, reference, *args, **options):
        name = str(reference)
        if name not in seen and "__" not in name:
            seen.add(name)
            sys.stderr.write(f"NOT SEEN {name}\\n")
            raise NotFound("not there yet")
        return look(client, reference, *args, **options)
    return looked
Client.get_dataset, Client.get_table = once(Client.get_dataset), once(Client.get_table)
"""
"""What a loader sees that looks just before another one creates the dataset and its tables."""


@pytest.mark.parametrize("upsert", [True, False])
@pytest.mark.long
def test_the_slower_of_two_that_create_a_table_goes_on(loader: Loader, *, upsert: bool) -> None:
    chosen = replace(loader, dataset=f"race_{upsert}".lower(), options={"upsert": upsert})
    assert chosen.run([schema(), record(1, 10), state(1)]).returncode == 0

    slower = chosen.run([schema(), record(2, 20), state(2)], set_up=SEES_NOTHING_YET)

    assert slower.returncode == 0, slower.stderr
    for name in (chosen.dataset, f"{chosen.dataset}.media"):
        assert f"NOT SEEN sandbox.{name}\n" in slower.stderr
    rows = chosen.rows("SELECT id, likes FROM {}.media ORDER BY id")
    assert rows == [{"id": "00001", "likes": 10}, {"id": "00002", "likes": 20}]
