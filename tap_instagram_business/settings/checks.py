"""One plain sentence for each way to get the settings, or Meltano's part in them, wrong."""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values
from jsonschema import Draft7Validator

from tap_instagram_business import sharding
from tap_instagram_business.metrics import ONLINE_FOLLOWERS
from tap_instagram_business.refresh import DEFAULT_TIERS
from tap_instagram_business.settings.reading import PREFIX, listed
from tap_instagram_business.settings.schema import DEFAULT_API_VERSION
from tap_instagram_business.settings.secrets import secret_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import ValidationError
    from singer_sdk import Stream

    from tap_instagram_business.settings.reading import Properties

EXPECTED = {
    "type": "must be of type {}",
    "enum": "must be one of {}",
    "minimum": "must be {} or more",
    "maximum": "must be {} or less",
}
SHAPES = {
    "require_encrypted_secrets": "must be true or false",
    "include_others": "must be true or false",
    "account_ids": "must be ids of digits only with commas between them, as in 17841400000000001",
    "shard": "must look like 3/16, which is the third of 16 parts",
    "extra_metrics": "must be a list such as media:new_metric, account:views:follow_type",
    "start_date": "must be a date written as YYYY-MM-DD, such as 2026-01-31",
    "api_version": f"must look like {DEFAULT_API_VERSION}",
    "media_refresh": f"must be `always` or look like `{DEFAULT_TIERS}`",
    "stream_maps": "must name tables, and for each `null` or columns with an expression or `null`",
    "api_url": "must be an address such as http://127.0.0.1:8010",
}
BY_HOUR = f"account:{ONLINE_FOLLOWERS}:"
"""A series that has a figure for each hour, where table `extra_insights` has one for each day."""
SOURCES_OF_ACCOUNTS = (f"{PREFIX}ACCESS_TOKEN", f"{PREFIX}VAULT_PATH")
"""The environment variables that say which accounts are read."""


def problems(
    settings: Mapping[str, Any], properties: Properties, *, needs_token: bool
) -> list[str]:
    """Return one sentence for each mistake in the settings; empty if a run or command may begin.

    Args:
        settings: The settings with their defaults.
        properties: The JSON schema of each setting, by name.
        needs_token: Whether a setting must say which accounts to read.
    """
    schema = {"type": "object", "properties": properties}
    return (
        [*_wrong_environment()]
        or [_sentence(error) for error in Draft7Validator(schema).iter_errors(settings)]
        or [*(_missing_token(settings) if needs_token else ()), *_wrong_values(settings)]
        or [*secret_problems(settings)]
    )


def _sentence(error: ValidationError) -> str:
    """Return which setting is wrong and what it must be, without its value."""
    name = str(error.path[0])
    allowed = error.validator_value
    if isinstance(allowed, list):
        allowed = ", ".join(str(value) for value in allowed if value not in (None, "null"))
    shape = SHAPES.get(name) or EXPECTED.get(str(error.validator), "is not valid").format(allowed)
    return f"Setting `{name}` {shape}."


def _missing_token(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings.get("access_token") or settings.get("vault_path"):
        return
    remedy = (
        f"put a token into the environment variable {PREFIX}ACCESS_TOKEN (the README says how to "
        "get one), or say with `vault_path` where a vault is"
    )
    if any(os.environ.get(variable, "").strip() for variable in SOURCES_OF_ACCOUNTS):
        remedy = "beside a config file, environment variables are read only with --config=ENV"
    yield f"Setting `access_token` is missing: {remedy}."


def _wrong_values(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each wrong value that the JSON schema cannot find."""
    try:
        sharding.Shard.parse(config.get("shard") or "")
    except ValueError:
        yield f"Setting `shard` {SHAPES['shard']}."
    if any(entry.startswith(BY_HOUR) for entry in config.get("extra_metrics") or ()):
        yield f"Setting `extra_metrics`: {ONLINE_FOLLOWERS} is a table of its own, leave it out."
    today = dt.datetime.now(dt.timezone.utc).date()
    try:
        start = dt.date.fromisoformat((config.get("start_date") or str(today))[:10])
    except ValueError:
        yield f"Setting `start_date` {SHAPES['start_date']}."
    else:
        if start > today:
            yield f"Setting `start_date` lies in the future: choose {today} or a day before it."


# What has no effect

OTHER_VARIABLES = frozenset(
    {"ENCRYPTION_KEY", "ENCRYPTION_KEY_COMMAND", "ENCRYPTION_KEY_FILE", "LOGLEVEL", "TRUSTED_HOST"}
)
"""Environment variables, without their prefix, that are read although they are no settings."""
SELECTION = f"{PREFIX}_SELECT"
"""The variable in which Meltano gives the patterns of `select` to the tap that it runs.

It turns them into a catalog, and silently ignores patterns that match nothing.
"""


def misspelt(known: Iterable[str], config: Iterable[str]) -> list[str]:
    """Return a sentence for each setting that does not exist, with the most similar name.

    Args:
        known: The names of all settings.
        config: The names of the settings that are given; environment variables are added.
    """
    names, given = [name.lower() for name in known], [*config]
    found = [
        f"There is no setting `{name}`, so it has no effect{_nearest(name, names, LISTED)}"
        for name in given
        if name not in names
    ]
    variables = OTHER_VARIABLES.union(name.upper() for name in names)
    for variable in sorted(os.environ):
        name = variable.removeprefix(PREFIX)
        # Meltano's own variables have two underscores there.
        is_read = name in variables or name.lower() in given or name.startswith("_")
        if variable.startswith(PREFIX) and not is_read:
            nearest = _nearest(name, variables, LISTED, PREFIX)
            found.append(f"There is no setting for {variable}, so it has no effect{nearest}")
    return found


def selection_problems(streams: Mapping[str, Stream]) -> Iterator[str]:
    """Yield a sentence for each pattern that matches nothing, and if nothing is selected."""
    for pattern in listed(os.environ.get(SELECTION, "")):
        yield from _unfitting(f"The selection `{pattern}`", pattern.removeprefix("!"), streams)
    if not any(stream.selected for stream in streams.values()):
        yield "No table is selected, so nothing is read: check `select` or the catalog."


def map_problems(maps: Mapping[str, Any], streams: Mapping[str, Stream]) -> Iterator[str]:
    """Yield a sentence for each table, and each removed column, that `stream_maps` names wrongly.

    The SDK ignores a map that fits nothing, so that a column would stay that is to be masked.
    """
    for name, rules in maps.items():
        columns = dict(rules) if isinstance(rules, dict) else {}
        table = columns.pop("__source__", name)
        removed = [column for column, rule in columns.items() if rule in (None, "__NULL__")]
        named = [f"{table}.{column}" for column in removed if column != "__else__"] or [table]
        for pattern in () if name.startswith("__") else named:
            yield from _unfitting(f"Setting `stream_maps`: `{pattern}`", pattern, streams)


def _unfitting(what: str, pattern: str, streams: Mapping[str, Stream]) -> Iterator[str]:
    """Yield a sentence if a pattern of tables, or of columns in them, fits nothing."""
    table, _, column = pattern.partition(".")
    fitting = [name for name in streams if fnmatch(name, table)]
    columns = {name for table in fitting for name in streams[table].schema["properties"]}
    if not fitting:
        yield f"{what} fits no table{_nearest(table, streams, WITHOUT_EFFECT)}"
    elif column and not any(fnmatch(name, column.split(".")[0]) for name in columns):
        yield f"{what} fits no column{_nearest(column, columns, WITHOUT_EFFECT)}"


LISTED = ": `--about` lists all settings."
WITHOUT_EFFECT = ", so it has no effect."


def _nearest(name: str, names: Iterable[str], otherwise: str, prefix: str = "") -> str:
    """Return the end of a sentence about a name: the most similar name, or what to say if none."""
    found = get_close_matches(name, sorted(names), 1)
    return f": did you mean `{prefix}{found[0]}`?" if found else otherwise


# The sandbox in place of Meta

ON_PURPOSE = "INSTAGRAM_SANDBOX_ON_PURPOSE"
"""The environment variable that lets the sandbox answer although `.env` names real accounts."""


def meltano_environment() -> str:
    """Return the name of Meltano's environment; '' outside of Meltano."""
    return os.environ.get("MELTANO_ENVIRONMENT", "")


def _wrong_environment() -> Iterator[str]:
    """Yield why the sandbox must not answer, if `.env` names real accounts.

    Without `--environment=prod`, Meltano takes the environment `sandbox`, whose own settings win
    over the file `.env`.
    """
    root = os.environ.get("MELTANO_PROJECT_ROOT")
    if meltano_environment() != "sandbox" or not root or os.environ.get(ON_PURPOSE):
        return
    with suppress(OSError, UnicodeDecodeError):
        in_file = dotenv_values(Path(root) / ".env", interpolate=False)
        for variable in SOURCES_OF_ACCOUNTS:
            value = (in_file.get(variable) or "").strip()
            if value and value != os.environ.get(variable):
                yield (
                    f"The file .env sets {variable}, but this is Meltano's environment `sandbox`, "
                    "which reads invented accounts only: add `--environment=prod` after `meltano` "
                    f"(or set {ON_PURPOSE}=1 if you mean the sandbox)."
                )
                return
