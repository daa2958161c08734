"""Run the local BigQuery.

`python -m instagram_sandbox.bigquery PORT PROJECT DATA_DIR [analyzer]`
"""

from __future__ import annotations

import sys
from pathlib import Path

from instagram_sandbox.bigquery.emulator import serve

if __name__ == "__main__":
    port, project, data_dir, *options = sys.argv[1:]
    serve(int(port), project, Path(data_dir), has_analyzer="analyzer" in options)
