"""One plain sentence for each way to get the settings wrong."""

from __future__ import annotations

import datetime as dt
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tap_instagram_business import sharding
from tap_instagram_business.metrics import ONLINE_FOLLOWERS
from tap_instagram_business.refresh import DEFAULT_TIERS
from tap_instagram_business.settings import DEFAULT_API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import ValidationError

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


def problems(config: Mapping[str, Any], *, today: dt.date) -> Iterator[str]:
    """Yield a sentence for each problem that the JSON schema of the settings cannot find."""
    if not config.get("access_token") and not config.get("vault_path"):
        yield (
            "Setting `access_token` is missing: put a token into the environment variable "
            "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN (the README says how to get one), or say with "
            "`vault_path` where a vault is."
        )
    try:
        sharding.Shard.parse(config.get("shard") or "")
    except ValueError:
        yield f"Setting `shard` {SHAPES['shard']}."
    if any(entry.startswith(BY_HOUR) for entry in config.get("extra_metrics") or ()):
        yield f"Setting `extra_metrics`: {ONLINE_FOLLOWERS} is a table of its own, leave it out."
    if not (start := config.get("start_date")):
        return
    try:
        in_future = dt.date.fromisoformat(start[:10]) > today
    except (TypeError, ValueError):
        yield f"Setting `start_date` {SHAPES['start_date']}."
    else:
        if in_future:
            yield f"Setting `start_date` lies in the future: choose {today} or a day before it."


INSTAGRAM_TOKENS = ("IGAA", "IGQ")
"""How tokens of the Instagram login begin."""
FACEBOOK_TOKENS = ("EAA",)
"""How tokens of the Facebook login begin: of users, system users and Pages."""


def login_problem(token: str, login: str) -> str:
    """Return a sentence if a token belongs to the other of Meta's two logins, else ''.

    Args:
        token: The token in plain text.
        login: The value of setting `login`.
    """
    if login == "facebook" and token.startswith(INSTAGRAM_TOKENS):
        return _other_login("instagram", token)
    if login == "instagram" and token.startswith(FACEBOOK_TOKENS):
        return _other_login("facebook", token)
    return ""


def _other_login(login: str, token: str) -> str:
    beginning = next(
        text for text in (*INSTAGRAM_TOKENS, *FACEBOOK_TOKENS) if token.startswith(text)
    )
    return (
        f"The access token begins with {beginning}, so it belongs to the {login.capitalize()} "
        f"login: set `login` to {login} (TAP_INSTAGRAM_BUSINESS_LOGIN={login}), or use a token of "
        "the other login."
    )


OTHER_VARIABLES = frozenset(
    {
        "ENCRYPTION_KEY",
        "ENCRYPTION_KEY_COMMAND",
        "ENCRYPTION_KEY_FILE",
        "LOGLEVEL",
        "TRUSTED_HOST",
    }
)
"""Environment variables, without their prefix, that are read although they are no settings."""


def misspelt(
    known: Iterable[str], config: Iterable[str], prefix: str, environ: Iterable[str]
) -> list[str]:
    """Return a sentence for each setting that does not exist, with the name that comes nearest.

    Args:
        known: The names of all settings.
        config: The names of the settings that are given.
        prefix: The name of a setting's environment variable is this and the setting's name.
        environ: The names of the environment variables.
    """
    names = {name.lower() for name in known}
    found = [
        _misspelt(f"setting `{name}`", name, names, "") for name in config if name not in names
    ]
    for variable in sorted(environ):
        name = variable.removeprefix(prefix)
        # Meltano's own variables have two underscores there.
        if name == variable or name.startswith("_") or name in OTHER_VARIABLES:
            continue
        if name.lower() not in names and name.lower() not in config:
            others = names | {other.lower() for other in OTHER_VARIABLES}
            found.append(_misspelt(f"setting for {variable}", name.lower(), others, prefix))
    return found


def _misspelt(what: str, name: str, names: Iterable[str], prefix: str) -> str:
    nearest = get_close_matches(name, sorted(names), 1)
    if not nearest:
        return f"There is no {what}, so it has no effect: `--about` lists all settings."
    meant = f"{prefix}{nearest[0].upper()}" if prefix else f"`{nearest[0]}`"
    return f"There is no {what}, so it has no effect: did you mean {meant}?"
