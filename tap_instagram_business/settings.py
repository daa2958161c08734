"""The settings: their schema, and one plain sentence for each way to get them wrong."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_instagram_business import sharding
from tap_instagram_business.refresh import DEFAULT_TIERS, TIERS_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jsonschema import ValidationError

DEFAULT_API_VERSION = "v26.0"
DEFAULT_MARGIN_DAYS = 20
DEFAULT_MAX_AGE_HOURS = 24
API_URL_PATTERN = r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$(?!\n)"
"""No user name, path or query: readers of addresses do not agree on which host these have."""


def list_of(pattern: str) -> th.CustomType:
    """Return the type of a list of texts, which may be written as one text.

    The text comes first because Meltano Hub looks at the first type only, and Meltano then takes
    one value and values with commas, where it demands JSON of a list.
    """
    item = {"type": "string", "pattern": pattern}
    return th.CustomType({"type": ["string", "array"], "pattern": pattern, "items": item})


SETTINGS = th.PropertiesList(
    th.Property(
        "access_token",
        th.StringType,
        secret=True,
        title="Access token",
        description="Access token from Meta. With the Facebook login it belongs to a user, a "
        "system user or a Page, with the Instagram login to an Instagram user. This one setting is "
        "enough to read every account that the token can reach.",
    ),
    th.Property(
        "vault_path",
        th.StringType,
        title="Vault path",
        description="Path or URI (`gs://…`, `s3://…`) of the vault, the file in which `connect` "
        "keeps encrypted tokens. Every account of this login in it is read with its own token. The "
        "vault is not used if `access_token` is set.",
    ),
    th.Property(
        "login",
        th.StringType,
        default="facebook",
        allowed_values=["facebook", "instagram"],
        title="Login",
        description="Which of Meta's two APIs the token belongs to: `facebook` "
        "(graph.facebook.com) or `instagram` (graph.instagram.com).",
    ),
    th.Property(
        "account_ids",
        list_of(r"^[0-9]+$(?!\n)"),
        title="Account ids",
        description="Ids (`17841…`) of the accounts to read. If left out, every account that the "
        "token can reach is read. Accounts named here need no permission on a Facebook Page. "
        "One id, ids with commas between them, or JSON.",
    ),
    th.Property(
        "shard",
        th.StringType(pattern=sharding.PATTERN),
        title="Shard",
        description="Which part of the accounts this run reads where several runs share them, such "
        "as `3/16`: the third of 16 parts. The id of an account says to which part it belongs. If "
        "left out, all accounts are read.",
    ),
    th.Property(
        "start_date",
        th.DateType,
        title="Start date",
        description="First day to read, as YYYY-MM-DD. If left out, account insights start 30 days "
        "back, and all media that Meta lists are read (at most 10,000 per account).",
    ),
    th.Property(
        "app_id",
        th.StringType,
        title="App id",
        description="Id of the Meta app that issued the token.",
    ),
    th.Property(
        "app_secret",
        th.StringType,
        secret=True,
        title="App secret",
        description="Secret of the Meta app that issued the token. If it is set, every call is "
        "signed with it (`appsecret_proof`).",
    ),
    th.Property(
        "require_encrypted_secrets",
        th.BooleanType,
        default=False,
        title="Require encrypted secrets",
        description="If true, the tap refuses secret settings in plain text and accepts only the "
        "output of `encrypt`.",
    ),
    th.Property(
        "signed_request_max_age_hours",
        th.IntegerType(minimum=0, maximum=8760),
        default=DEFAULT_MAX_AGE_HOURS,
        title="Signed request max age hours",
        description="How many hours after Meta has signed it a request is accepted by "
        "`verify-signed-request`. 0 = any time.",
    ),
    th.Property(
        "refresh_margin_days",
        th.IntegerType(minimum=1, maximum=59),
        default=DEFAULT_MARGIN_DAYS,
        title="Refresh margin days",
        description="How many days before the end of a token the tap acts. Instagram login: it "
        "renews the token in the vault. Facebook login: it logs a warning, because only a person "
        "can renew the token.",
    ),
    th.Property(
        "api_version",
        th.StringType(pattern=r"^v[0-9]{1,2}\.0$(?!\n)"),
        # No default: Meltano keeps defaults in the user's project, where this one would grow old.
        title="API version",
        description="Version of the Graph API. If left out: the newest version that this tap was "
        f"tested with, {DEFAULT_API_VERSION}.",
    ),
    th.Property(
        "insights_lookback_days",
        th.IntegerType(minimum=0),
        default=3,
        title="Insights lookback days",
        description="How many of the days that were already read are read again in each run. Meta "
        "corrects a day's account insights for up to 48 hours. With fewer than 2, some days keep "
        "numbers that are not final.",
    ),
    th.Property(
        "media_refresh",
        th.StringType(pattern=TIERS_PATTERN),
        default=DEFAULT_TIERS,
        title="Media refresh",
        description="How often the numbers of a media are read, by its age. Each pair is "
        "`age:days`: media younger than `age` days are read every `days` days. 0 means in every "
        "run, `*` means any age. `always` reads all media in every run.",
    ),
    th.Property(
        "demographics_every_days",
        th.IntegerType(minimum=0),
        default=7,
        title="Demographics every days",
        description="Number of days between two readings of `audience_demographics`. "
        "0 = every run.",
    ),
    th.Property(
        "extra_metrics",
        list_of(r"^(account|media|story):[a-z0-9_]+(:[a-z0-9_]+)?$(?!\n)"),
        title="Extra metrics",
        description="Metrics that this version of the tap does not know, such as "
        "`media:new_metric`, `story:new_metric` or `account:new_metric`, or in parts, such as "
        "`media:views:follow_type`, or as a series by `day`, `week` or `days_28`, such as "
        "`account:new_metric:week`. Their values become rows of `extra_insights`.",
    ),
    th.Property(
        "on_rate_limit",
        th.StringType,
        default="wait",
        allowed_values=["wait", "stop"],
        title="On rate limit",
        description="What to do at Meta's rate limit. `wait`: pause until calls are allowed again. "
        "`stop`: leave this account for the next run. If the app's own limit is reached, this "
        "applies to all accounts.",
    ),
    th.Property(
        "on_account_failure",
        th.StringType,
        default="fail",
        allowed_values=["fail", "report"],
        title="On account failure",
        description="What to do at the end of a run that could not read some of its accounts. "
        "`fail`: end with exit code 1. `report`: log the accounts and reasons as an error and end "
        "with exit code 0, so that one account without consent does not make a whole shard start "
        "again.",
    ),
    th.Property(
        "max_wait_minutes",
        th.IntegerType(minimum=0),
        default=60,
        title="Max wait minutes",
        description="Maximum number of minutes that one run waits at rate limits, in total. What "
        "would need a longer wait is left for the next run.",
    ),
    th.Property(
        "max_calls",
        th.IntegerType(minimum=0),
        default=0,
        title="Max calls",
        description="Maximum number of API calls per run. Every call inside a batch counts. "
        "0 = no limit.",
    ),
    th.Property(
        "parallel_requests",
        th.IntegerType(minimum=1, maximum=32),
        default=32,
        title="Parallel requests",
        description="Maximum number of HTTP requests at the same time. A run begins with 4 and "
        "finds the right number itself: more while Meta answers quickly, fewer when Meta refuses "
        "calls, fails or becomes slow.",
    ),
    th.Property(
        "api_url",
        th.StringType(pattern=API_URL_PATTERN),
        title="API URL",
        description="Address of another server than Meta's, such as the sandbox's. It gets all "
        "tokens, so it must begin with https:// unless it is on this machine.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="Header `User-Agent` of the requests to Meta. If left out: the tap's name and "
        "version.",
    ),
)

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
        "ENCRYPTION_KEY_URI",
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


def tidy(config: Mapping[str, Any], properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings that have a value, each in the form that its schema describes.

    A list may be written as one value, as words with commas, or as JSON in a text. Of a secret,
    spaces, line breaks and quotation marks around it are left out.

    Args:
        config: The settings as they are given.
        properties: The JSON schema of each setting, by name.
    """
    tidied = {name: _tidy(value, properties.get(name, {})) for name, value in config.items()}
    return {name: value for name, value in tidied.items() if value != ""}


def _tidy(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if schema.get("secret") and isinstance(value, str):
        return unquoted(value)
    if "array" not in schema.get("type", ()):
        return value
    if isinstance(value, str) and value:
        value = _typed(value, schema)
    if _is_whole_number(value):
        return [str(value)]
    if isinstance(value, list):
        return [str(item) if _is_whole_number(item) else item for item in value]
    return value


def unquoted(text: str) -> str:
    """Return a text without spaces, line breaks and a pair of quotation marks around it."""
    text = text.strip()
    for mark in ("'", '"'):
        if len(text) > 1 and text.startswith(mark) and text.endswith(mark):
            return text[1:-1].strip()
    return text


def _is_whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
"""The words for true and false in environment variables, in any case, as Meltano reads them."""


def read_environment(
    properties: Mapping[str, Mapping[str, Any]], prefix: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return the settings that environment variables give, each in the type that it must have.

    A value that cannot be read as its type stays a text, and the JSON schema then refuses it.

    Args:
        properties: The JSON schema of each setting, by name.
        prefix: The name of a setting's environment variable is this and the setting's name.
        environ: The environment variables.
    """
    given = ((name, environ.get(prefix + name.upper())) for name in properties)
    return {name: _typed(text, properties[name]) for name, text in given if text is not None}


def _typed(text: str, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return a text as the value of the type that a setting has."""
    kinds = schema.get("type", ())
    for kind, read in READERS.items():
        if kind in kinds:
            try:
                return read(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                return text
    return text


def _integer(text: str) -> int:
    if not re.fullmatch("[+-]?[0-9]{1,18}", text.strip()):
        raise ValueError
    return int(text)


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError
    return word in TRUE


def _list(text: str) -> list[Any]:
    """Read a list in JSON or in Python's form, or words with commas between them."""
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = ast.literal_eval(text)
    return list(found)


READERS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "array": _list,
    "object": json.loads,
}
"""The function that reads the value of an environment variable, by its type in JSON schema."""
