"""The commands that read from the servers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox import output
from instagram_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_local_bigquery_the_commands_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python 3.10 has no client for BigQuery: an import would fail.
    for module in ("instagram_sandbox.bigquery.warehouse", "instagram_sandbox.bigquery.report"):
        monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(SandboxError, match="does not run"):
        list(output.report(tmp_path))
    with pytest.raises(SandboxError, match="does not run"):
        list(output.query(tmp_path, "SELECT 1", as_json=False))
