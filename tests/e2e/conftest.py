"""The real pipeline: Graph API → tap → Meltano → loader → BigQuery, all local."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox
from tests.meltano_project import MeltanoProject

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world_options() -> tuple[str, ...]:
    """What world the sandbox shows; a test module may show another."""
    return ("--accounts=2", "--posts=40", "--days=120", "--seed=5")


@pytest.fixture
def sandbox(
    tmp_path_factory: pytest.TempPathFactory, world_options: tuple[str, ...]
) -> Iterator[LocalSandbox]:
    if sys.version_info < EMULATOR_NEEDS:
        pytest.skip("The BigQuery emulator needs Python 3.11.")
    directory = tmp_path_factory.mktemp("project")
    sandbox = LocalSandbox.on_free_ports(directory / ".sandbox")
    started = sandbox.up(*world_options)
    assert started.returncode == 0, started.stderr
    yield sandbox
    sandbox.down()


@pytest.fixture
def project(sandbox: LocalSandbox) -> MeltanoProject:
    return MeltanoProject.copy_to(sandbox.data_dir.parent, sandbox)
