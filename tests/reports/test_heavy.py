"""Heavy models become tables, and views again, in a dataset that holds them already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.reports.conftest import Tables
    from tests.reports.warehouse import LocalBigQuery

pytestmark = pytest.mark.e2e

MODEL = "instagram_account_daily"
KIND = f"SELECT table_type FROM heavy.INFORMATION_SCHEMA.TABLES WHERE table_name = '{MODEL}'"


def test_a_heavy_model_changes_its_kind(bigquery: LocalBigQuery, tables: Tables) -> None:
    from tests.reports.warehouse import Views  # noqa: PLC0415 - needs the client of BigQuery

    bigquery.load("light", {"account_insights": tables["account_insights"]})
    views = Views(bigquery, "heavy")
    found = []
    for is_table, *options in ((False,), (True,), (False, "--full-refresh")):
        variables = {"instagram_schema": "light", "instagram_heavy_models_as_tables": is_table}
        run = views.dbt("run", "--select", f"+{MODEL}", "--vars", json.dumps(variables), *options)
        assert run.returncode == 0, run.stdout
        (kind,) = bigquery.rows(KIND)
        found.append((kind["table_type"], len(views.rows("account_daily"))))
    rows = len(tables["account_insights"])
    assert found == [(kind, rows) for kind in ("VIEW", "BASE TABLE", "VIEW")]
