"""The file reports/models/staging/sources.yml: every table and column, as dbt declares sources."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import tables_page
import yaml

if TYPE_CHECKING:
    from tap_instagram_business.streams.base import InstagramStream

HEAD = "# This file is written by `bin/generate`.\n"


def sources(streams: list[InstagramStream]) -> str:
    """Return the sources of the dbt package: one for each table that the tap can fill."""
    source = {
        "name": "instagram",
        "description": "What tap-instagram-business has loaded.",
        "database": "{{ var('instagram_database', target.database) }}",
        "schema": "{{ var('instagram_schema', env_var('TARGET_BIGQUERY_DATASET', 'instagram')) }}",
        "tables": [_table(stream) for stream in streams],
    }
    content = {"version": 2, "sources": [source]}
    text: str = yaml.safe_dump(content, sort_keys=False, width=96, allow_unicode=True)
    return HEAD + text


def _table(stream: InstagramStream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "description": inspect.cleandoc(type(stream).__doc__ or ""),
        "columns": [
            {
                "name": name,
                "data_type": tables_page.bigquery_type(schema),
                "description": tables_page.description(name, schema),
            }
            for name, schema in stream.schema["properties"].items()
        ],
    }
