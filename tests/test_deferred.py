"""The tap starts without what only targets and batches need, and it is there when it is called."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import tap_instagram_business.cli
print(sorted({"joblib", "upath", "fsspec", "numpy"} & sys.modules.keys()))
from singer_sdk import target_base
from singer_sdk.helpers import _batch
print(target_base.Parallel(n_jobs=1)(target_base.delayed(abs)(n) for n in [-1, -2]))
print(_batch.UPath("/tmp/batch").name)
import joblib, upath
print(joblib.Parallel.__name__, upath.UPath.__name__)
"""


def test_the_tap_starts_without_what_only_targets_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["[]", "[1, 2]", "batch", "Parallel UPath"]
