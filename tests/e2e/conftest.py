"""The real pipeline: Graph API → tap → Meltano → loader → BigQuery, all local."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local_sandbox import LocalSandbox
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
    directory = tmp_path_factory.mktemp("project")
    with LocalSandbox.running(directory / ".sandbox", *world_options) as sandbox:
        yield sandbox


@pytest.fixture
def project(sandbox: LocalSandbox) -> MeltanoProject:
    return MeltanoProject.copy_to(sandbox.data_dir.parent, sandbox)
