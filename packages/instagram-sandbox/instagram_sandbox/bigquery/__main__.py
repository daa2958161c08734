"""Run the local BigQuery.

`python -m instagram_sandbox.bigquery PORT PROJECT DATA_DIR LIMITS [analyzer]`
"""

from __future__ import annotations

import sys
from pathlib import Path

from instagram_sandbox.bigquery.emulator import serve
from instagram_sandbox.bigquery.limits import Limits

if __name__ == "__main__":
    port, project, data_dir, limits, *options = sys.argv[1:]
    serve(
        int(port),
        project,
        Path(data_dir),
        Limits.from_json(limits),
        has_analyzer="analyzer" in options,
    )
