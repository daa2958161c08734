"""Airflow with Celery, as processes of this machine that are told apart by their ids."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
import requests

from tests.ending import killed_with_this_process
from tests.local_sandbox import free_port
from tests.meltano_project import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

DAG = "dags/instagram_fleet"
NEVER = "0 0 29 2 *"
"""A schedule without a day between the start of the DAG and the year 2028."""
WORKERS = ("worker-1", "worker-2")
SHARDS_OF_A_WORKER = 2
LOST_AFTER_SECONDS = 30
"""How long nothing may be heard of a task."""
QUEUED_SECONDS = 300
"""How long a shard may wait for a worker. Longer than a shard takes."""
START_SECONDS = 240
RUN_SECONDS = 1500


@dataclass(frozen=True)
class Stores:
    """Where Airflow keeps what it knows, and what it has queued.

    Attributes:
        database: the address of a database of PostgreSQL, without its scheme.
        broker: the address of Redis.
    """

    database: str
    broker: str


@dataclass
class Airflow:
    """One Airflow: its settings, and the processes that it consists of.

    Attributes:
        python: the Python of its environment.
        directory: where it writes its logs.
        stores: its database and its broker.
        variables: environment variables of the tasks.
    """

    python: Path
    directory: Path
    stores: Stores
    variables: Mapping[str, str]
    port: int = field(default_factory=free_port)
    processes: dict[str, psutil.Popen] = field(default_factory=dict)
    ends: ExitStack = field(default_factory=ExitStack)
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start every part, and wait until the DAG and the workers are ready."""
        self._launch("migration", "db", "migrate").wait(timeout=START_SECONDS)
        for part in ("api-server", "scheduler", "dag-processor"):
            self._launch(part, part)
        for worker in WORKERS:
            arguments = ("--celery-hostname", worker, "--pid", str(self.directory / worker))
            self._launch(worker, "celery", "worker", *arguments)
        self._await(self._answers, START_SECONDS)
        token = requests.get(f"{self.url}/auth/token", timeout=60).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        slots = len(WORKERS) * SHARDS_OF_A_WORKER
        self.ask("POST", "pools", {"name": "instagram", "slots": slots})
        self._await(self._is_ready, START_SECONDS)

    def stop(self) -> None:
        """End every process that was started here."""
        for process in self.processes.values():
            end_tree(process)
        self.ends.close()

    def trigger(self, shards: int) -> str:
        """Start a run of the DAG, and return its id."""
        order = {"logical_date": None, "conf": {"shards": shards}}
        return str(self.ask("POST", f"{DAG}/dagRuns", order)["dag_run_id"])

    def await_success(self, run: str) -> None:
        """Wait for the end of a run of the DAG, which must be a good one."""
        self._await(lambda: self._state(run) in ("success", "failed"), RUN_SECONDS)
        states = [(task["task_id"], task["state"]) for task in self.tasks(run)]
        assert self._state(run) == "success", states

    def await_loading(self, run: str, shards_done: int) -> str:
        """Wait until so many shards are loaded and another one is; return who loads it."""
        self._await(
            lambda: self._shards_done(run) >= shards_done and self._loading_worker(), RUN_SECONDS
        )
        return self._loading_worker()

    def tries(self, run: str) -> Counter[int]:
        """Count the shards of a run by how often they were started."""
        return Counter(task["try_number"] for task in self.tasks(run) if task["task_id"] == "sync")

    def tasks(self, run: str) -> list[dict[str, Any]]:
        """Return what Airflow knows of the tasks of a run."""
        found: list[dict[str, Any]] = self.ask(
            "GET", f"{DAG}/dagRuns/{run}/taskInstances?limit=100"
        )["task_instances"]
        return found

    def ask(self, method: str, path: str, order: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the API server, or tell it something."""
        answer = self.session.request(method, f"{self.url}/api/v2/{path}", json=order, timeout=60)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def _state(self, run: str) -> str:
        return str(self.ask("GET", f"{DAG}/dagRuns/{run}")["state"])

    def _shards_done(self, run: str) -> int:
        return sum(
            task["task_id"] == "sync" and task["state"] == "success" for task in self.tasks(run)
        )

    def _loading_worker(self) -> str:
        """Return the first worker that runs a loader, or ''."""
        return next((name for name in WORKERS if loads(self.processes[name])), "")

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/api/v2/monitor/health", timeout=60).ok
        return False

    def _is_ready(self) -> bool:
        knows_the_dag = self.session.get(f"{self.url}/api/v2/{DAG}", timeout=60).ok
        return knows_the_dag and all(
            f"{worker} ready" in (self.directory / f"{worker}.log").read_text("utf-8")
            for worker in WORKERS
        )

    def _await(self, condition: Callable[[], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            ended = [name for name, process in self.processes.items() if process.poll()]
            assert not ended, f"{ended} ended: see {self.directory}"
            assert time.monotonic() < deadline, f"{seconds} seconds have passed"
            time.sleep(1)

    def _launch(self, name: str, *arguments: str) -> psutil.Popen:
        with (self.directory / f"{name}.log").open("wb") as log:
            self.processes[name] = psutil.Popen(
                [str(self.python), "-m", "airflow", *arguments],
                cwd=self.directory,
                env={**self.variables, **self._settings()},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.ends.enter_context(killed_with_this_process(self.processes[name].pid))
        return self.processes[name]

    def _settings(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.directory),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__SECRET_KEY": "s" * 64,
            "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 64,
            "AIRFLOW__CELERY__BROKER_URL": self.stores.broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://{self.stores.database}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SHARDS_OF_A_WORKER),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "deploy" / "airflow"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{self.stores.database}",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(LOST_AFTER_SECONDS),
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": str(QUEUED_SECONDS),
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "30",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "FLEET_SCHEDULE": NEVER,
        }


def tree(process: psutil.Process) -> Sequence[psutil.Process]:
    """Return a process and all that it has started, directly or not."""
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def loads(process: psutil.Process) -> bool:
    """Whether a process has started a loader that reads rows, not one that merges tables."""
    for child in tree(process):
        with suppress(psutil.NoSuchProcess):
            command = " ".join(child.cmdline())
            if "target-bigquery-strict" in command and "merge-staging" not in command:
                return True
    return False


def end_tree(process: psutil.Process) -> list[str]:
    """Send SIGKILL to a process and all that it has started; return their command lines.

    All of them are halted first, so that none starts another one meanwhile.
    """
    halted: dict[int, psutil.Process] = {}
    while new := [each for each in tree(process) if each.pid not in halted]:
        for each in new:
            halted[each.pid] = each
            with suppress(psutil.NoSuchProcess):
                each.suspend()
    commands = []
    for each in halted.values():
        with suppress(psutil.NoSuchProcess):
            commands.append(" ".join(each.cmdline()))
            each.kill()
    psutil.wait_procs(list(halted.values()), timeout=30)
    return commands
