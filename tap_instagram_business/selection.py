"""Finds patterns of a selection that select nothing, most of them misspelt.

Meltano turns the patterns of `select` into a catalog and gives it to the tap; a pattern that fits
nothing it passes over in silence. The patterns themselves are in an environment variable.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk import Stream

VARIABLE = "TAP_INSTAGRAM_BUSINESS__SELECT"
"""Meltano gives the patterns here, as JSON, to the tap that it runs."""


def problems(streams: Mapping[str, Stream], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each pattern that fits no table or column, and if nothing is selected.

    Args:
        streams: The tables by name.
        environ: The environment variables.
    """
    for pattern in _patterns(environ.get(VARIABLE, "")):
        table, _, column = pattern.removeprefix("!").partition(".")
        fitting = [name for name in streams if fnmatch(name, table)]
        if not fitting:
            yield f"The selection `{pattern}` fits no table{_meant(table, [*streams])}"
            continue
        columns = sorted(
            {name for table in fitting for name in streams[table].schema["properties"]}
        )
        if column and not any(fnmatch(name, column.split(".")[0]) for name in columns):
            yield f"The selection `{pattern}` fits no column{_meant(column, columns)}"
    if not any(stream.selected for stream in streams.values()):
        yield "No table is selected, so nothing is read: check `select` or the catalog."


def _patterns(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [str(pattern) for pattern in found] if isinstance(found, list) else []


def _meant(name: str, names: list[str]) -> str:
    nearest = get_close_matches(name, names, 1)
    return f": did you mean `{nearest[0]}`?" if nearest else ", so it has no effect."
