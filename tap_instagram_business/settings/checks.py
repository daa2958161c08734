"""One plain sentence for each way to get the settings wrong."""

from __future__ import annotations

import datetime as dt
import os
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

from tap_instagram_business import sharding
from tap_instagram_business.metrics import ONLINE_FOLLOWERS
from tap_instagram_business.refresh import DEFAULT_TIERS
from tap_instagram_business.settings import meltano
from tap_instagram_business.settings.reading import PREFIX
from tap_instagram_business.settings.schema import DEFAULT_API_VERSION
from tap_instagram_business.settings.secrets import secret_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import ValidationError

    from tap_instagram_business.settings.reading import Properties

EXPECTED = {
    "type": "must be of type {}",
    "enum": "must be one of {}",
    "minimum": "must be {} or more",
    "maximum": "must be {} or less",
}
SHAPES = {
    "require_encrypted_secrets": "must be true or false",
    "account_ids": "must be ids of digits only with commas between them, as in 17841400000000001",
    "shard": "must look like 3/16, which is the third of 16 parts",
    "extra_metrics": "must be a list such as media:new_metric, account:views:follow_type",
    "start_date": "must be a date written as YYYY-MM-DD, such as 2026-01-31",
    "api_version": f"must look like {DEFAULT_API_VERSION}",
    "media_refresh": f"must be `always` or look like `{DEFAULT_TIERS}`",
    "api_url": "must be an address such as http://127.0.0.1:8010",
}
BY_HOUR = f"account:{ONLINE_FOLLOWERS}:"
"""A series that has a figure for each hour, where table `extra_insights` has one for each day."""


def sentence(error: ValidationError) -> str:
    """Return which setting is wrong and what it must be, without its value."""
    name = str(error.path[0]) if error.path else ""
    if not name:
        return f"The settings are wrong: {error.validator} {error.validator_value}."
    allowed = error.validator_value
    if isinstance(allowed, list):
        allowed = ", ".join(str(value) for value in allowed if value not in {None, "null"})
    shape = SHAPES.get(name) or EXPECTED.get(str(error.validator), "is not valid").format(allowed)
    return f"Setting `{name}` {shape}."


def problems(
    settings: Mapping[str, Any], properties: Properties, *, needs_token: bool
) -> list[str]:
    """Return one sentence for each mistake in the settings; empty if a run or command may begin.

    Args:
        settings: The settings with their defaults.
        properties: The JSON schema of each setting, by name.
        needs_token: Whether a setting must say which accounts to read.
    """
    if wrong_environment := meltano.environment_problem():
        return [wrong_environment]
    schema = {"type": "object", "properties": properties}
    return (
        [sentence(error) for error in Draft7Validator(schema).iter_errors(settings)]
        or [*(_missing_token(settings) if needs_token else ()), *_wrong_values(settings)]
        or list(secret_problems(settings))
    )


def _missing_token(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings.get("access_token") or settings.get("vault_path"):
        return
    if any(os.environ.get(variable, "").strip() for variable in meltano.SOURCES_OF_ACCOUNTS):
        yield (
            "Setting `access_token` is missing: beside a config file, environment variables are "
            "read only with --config=ENV."
        )
    else:
        yield (
            "Setting `access_token` is missing: put a token into the environment variable "
            "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN (the README says how to get one), or say with "
            "`vault_path` where a vault is."
        )


def _wrong_values(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each wrong value that the JSON schema cannot find."""
    try:
        sharding.Shard.parse(config.get("shard") or "")
    except ValueError:
        yield f"Setting `shard` {SHAPES['shard']}."
    if any(entry.startswith(BY_HOUR) for entry in config.get("extra_metrics") or ()):
        yield f"Setting `extra_metrics`: {ONLINE_FOLLOWERS} is a table of its own, leave it out."
    if not (start := config.get("start_date")):
        return
    today = dt.datetime.now(dt.timezone.utc).date()
    try:
        in_future = dt.date.fromisoformat(start[:10]) > today
    except (TypeError, ValueError):
        yield f"Setting `start_date` {SHAPES['start_date']}."
    else:
        if in_future:
            yield f"Setting `start_date` lies in the future: choose {today} or a day before it."


OTHER_VARIABLES = frozenset(
    {"ENCRYPTION_KEY", "ENCRYPTION_KEY_COMMAND", "ENCRYPTION_KEY_FILE", "LOGLEVEL", "TRUSTED_HOST"}
)
"""Environment variables, without their prefix, that are read although they are no settings."""


def misspelt(known: Iterable[str], config: Iterable[str]) -> list[str]:
    """Return a sentence for each setting that does not exist, with the most similar name."""
    names = {name.lower() for name in known}
    found = [
        _misspelt(f"setting `{name}`", name, names, "") for name in config if name not in names
    ]
    for variable in sorted(os.environ):
        name = variable.removeprefix(PREFIX)
        # Meltano's own variables have two underscores there.
        if name == variable or name.startswith("_") or name in OTHER_VARIABLES:
            continue
        if name.lower() not in names and name.lower() not in config:
            others = names | {other.lower() for other in OTHER_VARIABLES}
            found.append(_misspelt(f"setting for {variable}", name.lower(), others, PREFIX))
    return found


def _misspelt(what: str, name: str, names: Iterable[str], prefix: str) -> str:
    nearest = get_close_matches(name, sorted(names), 1)
    if not nearest:
        return f"There is no {what}, so it has no effect: `--about` lists all settings."
    meant = f"{prefix}{nearest[0].upper()}" if prefix else f"`{nearest[0]}`"
    return f"There is no {what}, so it has no effect: did you mean {meant}?"
