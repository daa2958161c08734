"""Writes what follows from the code into the documents: `bin/generate [--check] [--owner NAME]`.

Blocks: the commands in docs/connect.md, the settings in docs/settings.md and meltano.yml, the
metrics in docs/numbers.md, the modules in CONTRIBUTING.md. Whole files: docs/tables.md,
.env.example, catalog.example.json, reports/models/staging/sources.yml and the definition for
Meltano Hub. NAME is the GitHub account that holds the repository; without it, the definition keeps
the one that it names. With --check nothing is written, and stale files are named with exit code 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import dbt_sources
import hub_definition
import tables_page
import yaml

from tap_instagram_business.cli import command_line
from tap_instagram_business.metrics import (
    DAY_METRICS,
    FEED_CAROUSEL,
    FEED_IMAGE,
    FEED_VIDEO,
    FOLLOW_COLUMNS,
    FOLLOWER_COUNT,
    MEDIA_METRICS,
    REELS,
    STORY,
)
from tap_instagram_business.settings.schema import SETTINGS
from tap_instagram_business.streams.base import InstagramStream, NotConnected
from tap_instagram_business.tap import TapInstagramBusiness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
HUB = "docs/hub/tap-instagram-business.yml"
PREFIX = "TAP_INSTAGRAM_BUSINESS_"
KINDS = {"boolean": "boolean", "integer": "integer"}
BOTH_LOGINS = 2
KIND_NAMES = {
    FEED_IMAGE: "image",
    FEED_CAROUSEL: "carousel",
    FEED_VIDEO: "feed video (before reels)",
    REELS: "reel",
    STORY: "story",
}
KINDS_IN_ORDER = list(KIND_NAMES)

Schema = dict[str, Any]


def settings() -> dict[str, Schema]:
    """Return the tap's own settings by name, without those of the SDK."""
    properties: dict[str, Schema] = SETTINGS.to_dict()["properties"]
    return properties


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(header)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def streams_table() -> str:
    """Return the table of tables, which opens docs/tables.md."""
    return table(
        ("table", "one row is", "key", "bookmark"),
        (
            (
                f"[`{stream.name}`](#{stream.name})"
                + ("" if stream.selected_by_default else " (off)"),
                stream.schema["description"].rstrip("."),
                ", ".join(f"`{key}`" for key in stream.primary_keys),
                stream.bookmark_text.partition(".")[0],
            )
            for stream in streams()
        ),
    )


def streams() -> list[InstagramStream]:
    """Return the tables in their own order."""
    tap = TapInstagramBusiness(validate_config=False)
    return [stream for stream in tap.streams.values() if isinstance(stream, InstagramStream)]


def commands_table() -> str:
    """Return the table of commands: the first sentence of each one's help."""
    group = command_line()
    context = click.Context(group)
    commands = ((name, group.get_command(context, name)) for name in group.list_commands(context))
    return table(
        ("command", "what it does"),
        ((f"`{name}`", command.get_short_help_str(200)) for name, command in commands if command),
    )


def summary(thing: object) -> str:
    """Return the first sentence of a docstring, on one line."""
    text = " ".join((type(thing).__doc__ or "").split())
    return re.split(r"(?<=\.)\s", text)[0].rstrip(".")


def settings_table() -> str:
    """Return the table of settings."""
    return table(
        ("setting", "default", "what it is"),
        (
            (
                f"`{name}`" + (" (secret)" if schema.get("secret") else ""),
                f"`{_written(schema['default'])}`" if "default" in schema else "",
                schema["description"],
            )
            for name, schema in settings().items()
        ),
    )


def media_metrics_table() -> str:
    """Return the table of media insights."""
    return table(
        ("metric", "of", "login", "what it counts"),
        (
            (
                f"`{metric.name}`",
                ", ".join(
                    KIND_NAMES[kind] for kind in sorted(metric.kinds, key=KINDS_IN_ORDER.index)
                ),
                "both" if len(metric.logins) == BOTH_LOGINS else next(iter(metric.logins)),
                metric.description,
            )
            for metric in MEDIA_METRICS
        ),
    )


def day_metrics_table() -> str:
    """Return the table of account insights."""
    rows = [(metric.name, metric.description) for metric in (*DAY_METRICS, FOLLOWER_COUNT)]
    rows += [(name, text) for name, (_, text) in FOLLOW_COLUMNS.items()]
    return table(("metric", "what it counts"), ((f"`{name}`", text) for name, text in rows))


def meltano_settings() -> str:
    """Return the tap's settings as meltano.yml declares them."""
    return "\n".join(
        line for name, schema in settings().items() for line in _declared(name, schema)
    )


def _declared(name: str, schema: Schema) -> Iterator[str]:
    yield f"    - name: {name}"
    yield f"      label: {schema['title']}"
    if schema.get("secret"):
        yield "      kind: password"
        yield "      sensitive: true"
    elif "enum" in schema:
        yield "      kind: options"
        yield "      options:"
        for value in schema["enum"]:
            if value is not None:
                yield f"      - label: {value.capitalize()}"
                yield f"        value: {value}"
    else:
        is_date = schema.get("format") == "date"
        yield f"      kind: {'date_iso8601' if is_date else KINDS.get(schema['type'][0], 'string')}"
    yield "      description: >-"
    yield from textwrap.wrap(
        schema["description"], 86, initial_indent=" " * 8, subsequent_indent=" " * 8
    )


def env_example() -> str:
    """Return .env.example: every setting, secrets first."""
    lines = [
        "# Copy this file to .env, which git ignores, and fill it in. Meltano reads .env itself.",
        "# For a command without Meltano, load it into the shell first: set -a; . ./.env; set +a",
        "",
    ]
    ordered = sorted(settings().items(), key=lambda item: not item[1].get("secret"))
    for name, schema in ordered:
        lines += textwrap.wrap(
            schema["description"], 98, initial_indent="# ", subsequent_indent="# "
        )
        default = schema.get("default", "")
        off = "" if name == "access_token" else "# "
        lines += [f"{off}{PREFIX}{name.upper()}={_quoted(default)}", ""]
    lines += [
        "# The Google Cloud project that holds the dataset, and the name of the dataset.",
        "# TARGET_BIGQUERY_PROJECT=",
        "# TARGET_BIGQUERY_DATASET=instagram",
    ]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) and " " in value else _written(value)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def modules_table() -> str:
    """Return CONTRIBUTING's table of the modules of the tap."""
    modules = yaml.safe_load((ROOT / "docs" / "modules.yml").read_text("utf-8"))
    return table(
        ("module", "holds", "imports"),
        (
            (f"`{name}`", it["holds"], ", ".join(f"`{each}`" for each in it.get("imports", ())))
            for name, it in modules.items()
        ),
    )


def catalog() -> str:
    """Return catalog.example.json: what --discover prints."""
    return TapInstagramBusiness(validate_config=False).catalog_json_text + "\n"


def with_block(text: str, name: str, block: str, comment: tuple[str, str]) -> str:
    """Return a document with the block of that name replaced."""
    opening, closing = comment
    begin, end = f"{opening}{name}{closing}", f"{opening}/{name}{closing}"
    pattern = re.compile(rf"{re.escape(begin)}.*?(\s*){re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        message = f"no block {name}"
        raise ValueError(message)
    return pattern.sub(lambda found: f"{begin}\n{block}{found[1]}{end}", text)


def markdown_blocks() -> dict[str, dict[str, str]]:
    """Return the blocks of each page, by their names; all else of a page is written by hand."""
    return {
        "CONTRIBUTING.md": {"modules": modules_table()},
        "docs/connect.md": {"commands": commands_table()},
        "docs/numbers.md": {
            "media metrics": media_metrics_table(),
            "account metrics": day_metrics_table(),
        },
        "docs/settings.md": {"settings": settings_table()},
    }


def with_blocks(path: str, blocks: dict[str, str]) -> str:
    """Return a page with its blocks replaced."""
    text = (ROOT / path).read_text("utf-8")
    for name, block in blocks.items():
        text = with_block(text, name, block, ("<!-- ", " -->"))
    return text


def hub(owner: str | None) -> str:
    """Return the definition for Meltano Hub; without an owner it keeps the one that it names."""
    path = ROOT / HUB
    owner = owner or hub_definition.owner_of(path.read_text("utf-8") if path.exists() else "")
    return hub_definition.written(hub_definition.definition(owner))


def documents(owner: str | None = None) -> dict[str, str]:
    """Return each document as it ought to be, by its path."""
    return {
        **{path: with_blocks(path, blocks) for path, blocks in markdown_blocks().items()},
        "meltano.yml": with_block(
            (ROOT / "meltano.yml").read_text("utf-8"), "settings", meltano_settings(), ("# ", "")
        ),
        "docs/tables.md": tables_page.page(streams(), streams_table()) + "\n",
        "reports/models/staging/sources.yml": dbt_sources.sources(streams()),
        ".env.example": env_example(),
        "catalog.example.json": catalog(),
        HUB: hub(owner),
    }


def main() -> None:
    """Write the stale documents, or name them."""
    parser = argparse.ArgumentParser(
        prog="bin/generate", description="Write what follows from the code."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and name what is stale"
    )
    parser.add_argument("--owner", help="the GitHub account that holds the repository")
    given = parser.parse_args()
    stale = {
        path: text
        for path, text in documents(given.owner).items()
        if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text
    }
    if given.check and stale:
        sys.exit(f"Stale: {', '.join(stale)}. Run: bin/generate")
    for path, text in stale.items():
        (ROOT / path).write_text(text, "utf-8")
        sys.stdout.write(f"{path} written\n")


if __name__ == "__main__":
    try:
        main()
    except (NotConnected, click.ClickException) as mistake:
        sys.exit(f"Error: {mistake}")
