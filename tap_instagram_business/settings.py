"""The settings: their schema, and one plain sentence for each way to get them wrong."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_instagram_business.refresh import DEFAULT_TIERS, TIERS_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import ValidationError

DEFAULT_API_VERSION = "v25.0"

SETTINGS = th.PropertiesList(
    th.Property(
        "access_token",
        th.StringType,
        secret=True,
        title="Access token",
        description="Token of a user, system user or Page (Facebook login) or of an Instagram user "
        "(Instagram login). Enough by itself for every account that it reaches.",
    ),
    th.Property(
        "vault_path",
        th.StringType,
        title="Vault path",
        description="Path or URI (`gs://…`) of the vault that `connect` fills: every account in it "
        "is read with its own token. `access_token` wins over it.",
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
        th.ArrayType(th.StringType(pattern=r"^\d+$")),
        title="Account ids",
        description="Ids (`17841…`) of the accounts to read, without need of any Page permission; "
        "all that the token reaches if left out.",
    ),
    th.Property(
        "start_date",
        th.DateType,
        title="Start date",
        description="First day to read, as YYYY-MM-DD. If left out: 30 days back for account "
        "insights, and all media that Meta lists (10,000 at most).",
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
        description="Secret of that app: signs every call (`appsecret_proof`).",
    ),
    th.Property(
        "require_encrypted_secrets",
        th.BooleanType,
        default=False,
        title="Require encrypted secrets",
        description="Refuse secret settings in plain text: only what `encrypt` makes is taken.",
    ),
    th.Property(
        "refresh_margin_days",
        th.IntegerType(minimum=1, maximum=59),
        default=20,
        title="Refresh margin days",
        description="How many days before its end a token in the vault is renewed (Instagram "
        "login), or warned of (Facebook login, where only a person can renew it).",
    ),
    th.Property(
        "api_version",
        th.StringType(pattern=r"^v\d{1,2}\.0$"),
        default=DEFAULT_API_VERSION,
        title="API version",
        description="Version of the Graph API; the default is the newest tested.",
    ),
    th.Property(
        "insights_lookback_days",
        th.IntegerType(minimum=0),
        default=3,
        title="Insights lookback days",
        description="How many days of account insights already read are read again, since Meta "
        "restates a day for 48 hours. Below 2, some days keep figures that are not final.",
    ),
    th.Property(
        "media_refresh",
        th.StringType(pattern=TIERS_PATTERN),
        default=DEFAULT_TIERS,
        title="Media refresh",
        description="How often a media's numbers are read, by its age: `age in days:every so many "
        "days`, 0 for every run, `*` for any age; or `always`.",
    ),
    th.Property(
        "demographics_every_days",
        th.IntegerType(minimum=0),
        default=7,
        title="Demographics every days",
        description="How many days lie between two readings of `audience_demographics`; 0 for "
        "every run.",
    ),
    th.Property(
        "extra_metrics",
        th.ArrayType(th.StringType(pattern=r"^(account|media):[a-z0-9_]+$")),
        title="Extra metrics",
        description="Insights that this version does not know, such as `media:new_metric` or "
        "`account:new_metric`: their figures are rows of `extra_insights`.",
    ),
    th.Property(
        "on_rate_limit",
        th.StringType,
        default="wait",
        allowed_values=["wait", "stop"],
        title="On rate limit",
        description="When what Meta lets one ask of an account is used up: `wait` until it is "
        "back, or `stop` and go on at the next run; other accounts are read. When it is the app's, "
        "all wait or stop.",
    ),
    th.Property(
        "max_wait_minutes",
        th.NumberType(minimum=0),
        default=60,
        title="Max wait minutes",
        description="How many minutes a run may wait in all; what would have to wait longer is "
        "read by the next run.",
    ),
    th.Property(
        "max_calls",
        th.IntegerType(minimum=0),
        default=0,
        title="Max calls",
        description="How many calls a run may make, each in a batch counted; 0 for any number.",
    ),
    th.Property(
        "parallel_requests",
        th.IntegerType(minimum=1, maximum=20),
        default=4,
        title="Parallel requests",
        description="How many requests may be under way at once.",
    ),
    th.Property(
        "api_url",
        th.StringType(pattern=r"^https?://[^/\s]+/?$"),
        title="API URL",
        description="Another host than Meta's, such as the sandbox's.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="What the tap calls itself in requests; its name and version if left out.",
    ),
)

EXPECTED = {
    "type": "must be of type {}",
    "enum": "must be one of {}",
    "minimum": "must be {} or more",
    "maximum": "must be {} or less",
}
SHAPES = {
    "account_ids": "must be a list of ids of digits only, such as 17841400000000001",
    "extra_metrics": "must be a list such as media:new_metric, account:new_metric",
    "start_date": "must be a date written as YYYY-MM-DD, such as 2026-01-31",
    "api_version": f"must look like {DEFAULT_API_VERSION}",
    "media_refresh": f"must be `always` or look like `{DEFAULT_TIERS}`",
    "api_url": "must be an address such as http://127.0.0.1:8010",
}


def sentence(error: ValidationError) -> str:
    """Say which setting is wrong and what it must be, without showing its value."""
    name = str(error.path[0]) if error.path else ""
    if not name:
        return f"The settings are wrong: {error.validator} {error.validator_value}."
    allowed = error.validator_value
    if isinstance(allowed, list):
        allowed = ", ".join(str(value) for value in allowed if value not in {None, "null"})
    shape = SHAPES.get(name) or EXPECTED.get(str(error.validator), "is not valid").format(allowed)
    return f"Setting `{name}` {shape}."


def problems(config: Mapping[str, Any], *, today: dt.date) -> Iterator[str]:
    """Say what a schema cannot: a sentence for each."""
    if not config.get("access_token") and not config.get("vault_path"):
        yield (
            "Setting `access_token` is missing: put a token into the environment variable "
            "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN (the README says how to get one), or say with "
            "`vault_path` where a vault is."
        )
    if not (start := config.get("start_date")):
        return
    try:
        in_future = dt.date.fromisoformat(start[:10]) > today
    except (TypeError, ValueError):
        yield f"Setting `start_date` {SHAPES['start_date']}."
    else:
        if in_future:
            yield f"Setting `start_date` lies in the future: choose {today} or a day before it."
