"""The DAG `instagram_fleet`: many accounts, shared by shards that run side by side.

It needs nothing but Airflow's standard provider and the programs in `deploy/`. The executor
(Local, Celery or Kubernetes) is a setting of Airflow, not of this file.

The environment variables of Airflow's workers are the settings:

* `FLEET_PROJECT`: the directory of the project, the same on every worker.
* `FLEET_SHARDS`: the number of shards. It can be changed from run to run, and for one run with the
  parameter `shards`.
* `FLEET_SCHEDULE`: when it runs, in cron's form (UTC). Meta's day ends at 7 or 8 o'clock.

Create the pool before the first run. Its size is how many shards run at once, 16 at most where the
loader upserts: `airflow pools set instagram 16 "shards that run at once"`.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param, TriggerRule, task

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = os.environ.get("FLEET_PROJECT", "/project")
SHARDS = int(os.environ.get("FLEET_SHARDS", "16"))
SCHEDULE = os.environ.get("FLEET_SCHEDULE", "0 10 * * *")
MAX_SHARDS = 1_024
"""Airflow maps a task over at most so many items (`core.max_map_length`)."""
RETRIES: Mapping[str, Any] = {
    "retries": 3,
    "retry_delay": dt.timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": dt.timedelta(minutes=30),
}


def step(name: str, command: str, **options: Any) -> BashOperator:  # noqa: ANN401
    """Return a task that runs a program of the project."""
    given = {"append_env": True, "cwd": PROJECT, **options}
    return BashOperator(task_id=name, bash_command=command, **given)


@task(trigger_rule=TriggerRule.ALL_DONE)
def shards(params: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the environment of each shard."""
    number = int(params["shards"])
    return [{"SHARD": f"{index}/{number}"} for index in range(1, number + 1)]


with DAG(
    "instagram_fleet",
    description="Reads all Instagram accounts in shards and loads them into BigQuery",
    schedule=SCHEDULE,
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    # Bookmarks say what is read: an earlier interval would read the same again.
    catchup=False,
    # Two runs at once would read every account twice.
    max_active_runs=1,
    params={"shards": Param(SHARDS, type="integer", minimum=1, maximum=MAX_SHARDS)},
    default_args=dict(RETRIES),
    tags=["instagram"],
) as dag:
    reshard = step("reshard-state", "deploy/reshard-state {{ params.shards }} ")
    # A token that was not renewed works until its end, so this does not hold the shards up.
    refresh_tokens = step("refresh-tokens", "deploy/refresh-tokens ")
    listed = shards()
    sync = BashOperator.partial(
        task_id="sync",
        bash_command='deploy/run-shard "$SHARD" ',
        append_env=True,
        cwd=PROJECT,
        pool="instagram",
        execution_timeout=dt.timedelta(hours=6),
        map_index_template="{{ task.env['SHARD'] }}",
    ).expand(env=listed)
    # What the other shards have brought is merged even if one has failed for good.
    merge = step("merge", "deploy/merge ", trigger_rule=TriggerRule.ALL_DONE)
    reports = step("reports", "deploy/reports ")
    health = step("health", "deploy/health ")
    refresh_tokens >> listed
    reshard >> sync
    sync >> merge >> reports >> health
