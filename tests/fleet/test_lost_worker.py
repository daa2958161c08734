"""A fleet loses a machine in the middle of a run, and its tables are those of one machine."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.fleet.airflow import end_tree
from tests.fleet.conftest import DAYS, set_clock
from tests.fleet.tables import differences, read_tables, rows
from tests.targets.servers import run_sql

if TYPE_CHECKING:
    from tests.fleet.conftest import StartAirflow
    from tests.fleet.tables import Tables
    from tests.local_sandbox import LocalSandbox

logger = logging.getLogger("fleet")
pytestmark = [pytest.mark.e2e, pytest.mark.long]

MOMENTS = {"early": 0, "middle": 3, "late": 6}
"""How many of the shards are loaded when the machine is lost."""
SHARDS, SHARDS_NEXT_DAY = 8, 6
PASS_FIVE_MINUTES = (
    "UPDATE runs SET last_heartbeat_at = last_heartbeat_at - INTERVAL '5 minutes' "
    "WHERE state = 'RUNNING' AND job_name IN ({})"
)
"""So long Meltano itself starts no second run of a shard whose run has not ended."""


def assert_equal(fleet: Tables, single: Tables) -> None:
    differing = differences(fleet, single)
    logger.info("%d rows in %d tables, differing: %s", rows(fleet), len(fleet), differing)
    assert not differing


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_fleet_that_loses_a_worker_has_the_rows_of_one_machine(
    moment: str,
    sandbox: LocalSandbox,
    single: list[Tables],
    start_airflow: StartAirflow,
    postgres_port: int,
) -> None:
    set_clock(sandbox, DAYS[0])
    with start_airflow(moment) as airflow:
        began = time.monotonic()
        run = airflow.trigger(SHARDS)
        worker = airflow.await_loading(run, MOMENTS[moment])
        commands = end_tree(airflow.processes.pop(worker))
        lost = set(re.findall(r"--state-id=(\S+)", " ".join(commands)))
        logger.info("%d processes killed after %.0f s", len(commands), time.monotonic() - began)
        assert lost
        names = ", ".join(f"'{state_id}'" for state_id in lost)
        run_sql(postgres_port, PASS_FIVE_MINUTES.format(names), f"meltano_{moment}")
        airflow.await_success(run)
        logger.info(
            "green after %.0f s; shards by tries: %s", time.monotonic() - began, airflow.tries(run)
        )
        assert max(airflow.tries(run)) > 1
        assert_equal(read_tables(sandbox, moment), single[0])

        set_clock(sandbox, DAYS[1])
        began = time.monotonic()
        airflow.await_success(airflow.trigger(SHARDS_NEXT_DAY))
        logger.info("green after %.0f s", time.monotonic() - began)
        assert_equal(read_tables(sandbox, moment), single[1])
