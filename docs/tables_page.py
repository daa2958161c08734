"""The page docs/tables.md: every table with its key, its bookmark, its columns and queries.

The queries are the files docs/examples/TABLE.sql, and TABLE.NAME.sql for further ones. The comment
at the top of a file becomes the sentence above the query.
"""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_instagram_business import fields
from tap_instagram_business.metrics import MEDIA_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_instagram_business.streams.base import InstagramStream

EXAMPLES = Path(__file__).parent / "examples"

INTRODUCTION = """\
# Tables

This page is written by `bin/generate`. It lists every table that the tap can fill, with
all columns and example queries for BigQuery. Every row has its `account_id`. The
[vocabulary](vocabulary.md) explains the words, and [How Meta's numbers behave](numbers.md) says
what may surprise you.

- **Types** are the types in BigQuery. Ids are STRING, because some programs cannot hold
  numbers of 17 digits. A TIMESTAMP is in UTC.
- **NULL** means that Meta did not give the value, or that there is none: a photo has no watch time.
  It never means 0. Where Meta should have given a number, a row of [`insight_gaps`](#insight_gaps)
  has the reason.
- **Key**: the columns that identify a row. A new row replaces the old row with the same key.
- **Readings**: a table whose key has `snapshot_date` and `hour` (both in UTC) keeps each reading of
  a media or an account as a row of its own; `read_at` is the exact time. Two readings within the
  same hour are one row. The latest figure is the last one that is not NULL, metric by metric, as
  the [first query of `media_insights`](#media_insights) finds it. The
  [views](reports.md) do so for you.
- **Dates**: `snapshot_date` is always the UTC date of a reading, and `date` a US Pacific day whose
  numbers Meta gives. `read_at` says when a row was last read.
- **Bookmark**: what a run keeps for the next run, one value for each account.
- The loader adds columns that start with `_sdc_`, such as the time at which a row was loaded.
- The queries read the dataset `instagram`. If yours has another name, put that name into the query.
- `comments`, `tagged_media` and `collaborative_media` contain what other people wrote and posted,
  so they are off. Meltano selects every table unless you tell it otherwise: keep `!comments.*`,
  `!tagged_media.*` and `!collaborative_media.*` under `select`, as in `meltano.yml` here.
"""


BIGQUERY_TYPES = {
    "string": "STRING",
    "integer": "INT64",
    "number": "FLOAT64",
    "boolean": "BOOL",
    "date": "DATE",
    "date-time": "TIMESTAMP",
    "array": "ARRAY<STRING>",
}
ONE_LOGIN_ONLY = {
    item.name: f" {next(iter(item.logins)).capitalize()} login only."
    for item in (
        *fields.ACCOUNT_FIELDS,
        *fields.MEDIA_FIELDS,
        *fields.STORY_FIELDS,
        *MEDIA_METRICS,
    )
    if len(item.logins) == 1
}


def page(streams: list[InstagramStream], overview: str) -> str:
    """Return docs/tables.md.

    Args:
        streams: the tables, in the order of the page.
        overview: a table with one line for each of them, with links to their parts of the page.
    """
    parts = (line for stream in streams for line in _part(stream))
    return "\n".join([INTRODUCTION, overview, *parts])


def queries(name: str) -> list[Path]:
    """Return the files with the queries of a table, the main one first.

    Raises:
        ClickException: there is no query.
    """
    main = EXAMPLES / f"{name}.sql"
    if not main.exists():
        raise click.ClickException(f"Table {name} has no query: write docs/examples/{name}.sql")
    return [main, *sorted(EXAMPLES.glob(f"{name}.*.sql"))]


def query(path: Path) -> tuple[str, str]:
    """Return the query of a file: a sentence, and the SQL."""
    lines = path.read_text("utf-8").rstrip().splitlines()
    start = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    sentence = " ".join(line.removeprefix("--").strip() for line in lines[:start])
    return sentence, "\n".join(lines[start:])


def query_block(path: Path) -> str:
    """Return the query of a file as Markdown."""
    sentence, sql = query(path)
    return f"{textwrap.fill(sentence, 100)}\n\n```sql\n{sql}\n```"


def _part(stream: InstagramStream) -> Iterator[str]:
    yield f"\n## `{stream.name}`\n"
    for paragraph in inspect.cleandoc(type(stream).__doc__ or "").split("\n\n"):
        yield textwrap.fill(" ".join(paragraph.split()), 100) + "\n"
    if not stream.selected_by_default:
        yield "- **Off** unless the setting `include_others` is true."
    yield f"- **Key:** {', '.join(f'`{key}`' for key in stream.primary_keys)}"
    kept = f"- **Bookmark:** {stream.bookmark_text}"
    yield textwrap.fill(kept, 100, subsequent_indent="  ", break_on_hyphens=False)
    yield "\n| column | type | what it holds |\n| --- | --- | --- |"
    for name, schema in stream.schema["properties"].items():
        yield f"| `{name}` | {bigquery_type(schema)} | {description(name, schema)} |"
    for path in queries(stream.name):
        yield f"\n{query_block(path)}"


def description(name: str, schema: dict[str, Any]) -> str:
    """Return what a column holds, and with which login if not with both."""
    text: str = schema["description"]
    return text + ONE_LOGIN_ONLY.get(name, "")


def bigquery_type(schema: dict[str, Any]) -> str:
    """Return the type that a column has in BigQuery."""
    kinds = schema["type"]
    kind = kinds if isinstance(kinds, str) else kinds[0]
    return BIGQUERY_TYPES[schema.get("format", kind)]
