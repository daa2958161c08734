"""The settings: the JSON schema of each, with its default and description."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_instagram_business import sharding
from tap_instagram_business.refresh import DEFAULT_TIERS, TIERS_PATTERN

DEFAULT_API_VERSION = "v26.0"
API_URL_PATTERN = r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$(?!\n)"
"""No user name, path or query: readers of addresses do not agree on which host these have."""


def list_of(pattern: str) -> th.CustomType:
    """Return the type of a list of texts, which may be written as one text.

    The text comes first because Meltano Hub looks at the first type only, and Meltano then takes
    one value and values with commas, where it demands JSON of a list.
    """
    item = {"type": "string", "pattern": pattern}
    return th.CustomType({"type": ["string", "array"], "pattern": pattern, "items": item})


def setting(name: str, kind: Any, *, description: str, **options: Any) -> th.Property[Any]:  # noqa: ANN401
    """Return a setting with the title that its name gives, such as `API version`."""
    title = name.replace("_", " ").capitalize().replace("Api", "API").replace("url", "URL")
    return th.Property(name, kind, title=title, description=description, **options)


SETTINGS = th.PropertiesList(
    setting(
        "access_token",
        th.StringType,
        secret=True,
        description="Access token from Meta. With the Facebook login it belongs to a user, a "
        "system user or a Page, with the Instagram login to an Instagram user. This one setting is "
        "enough to read every account that the token can reach.",
    ),
    setting(
        "vault_path",
        th.StringType,
        description="Path or URI (`gs://…`, `s3://…`) of the vault, the folder in which `connect` "
        "keeps one encrypted token for each account. Every account of this login in it is read "
        "with its own token. If `access_token` is set, no token of the vault is used.",
    ),
    setting(
        "login",
        th.StringType,
        default="facebook",
        allowed_values=["facebook", "instagram"],
        description="Which of Meta's two APIs the token belongs to: `facebook` "
        "(graph.facebook.com) or `instagram` (graph.instagram.com).",
    ),
    setting(
        "account_ids",
        list_of(r"^[0-9]+$(?!\n)"),
        description="Ids (`17841…`) of the accounts to read. If left out, every account that the "
        "token can reach is read. Accounts named here need no permission on a Facebook Page. "
        "One id, ids with commas between them, or JSON.",
    ),
    setting(
        "shard",
        th.StringType(pattern=sharding.PATTERN),
        description="Which part of the accounts this run reads where several runs share them, such "
        "as `3/16`: the third of 16 parts. The id of an account says to which part it belongs. If "
        "left out, all accounts are read.",
    ),
    setting(
        "start_date",
        th.DateType,
        description="First day to read, as YYYY-MM-DD. If left out, account insights start 30 days "
        "back, and all media that Meta lists are read (at most 10,000 per account).",
    ),
    setting(
        "include_others",
        th.BooleanType,
        default=False,
        description="If true, the tables of what other people wrote and posted are read where they "
        "are selected: `comments`, `tagged_media` and `collaborative_media`. It is personal data.",
    ),
    setting("app_id", th.StringType, description="Id of the Meta app that issued the token."),
    setting(
        "app_secret",
        th.StringType,
        secret=True,
        description="Secret of the Meta app that issued the token. If it is set, every call is "
        "signed with it (`appsecret_proof`).",
    ),
    setting(
        "require_encrypted_secrets",
        th.BooleanType,
        default=False,
        description="If true, the tap refuses secret settings in plain text and accepts only the "
        "output of `encrypt`.",
    ),
    setting(
        "signed_request_max_age_hours",
        th.IntegerType(minimum=0, maximum=8760),
        default=24,
        description="How many hours after Meta has signed it a request is accepted by "
        "`verify-signed-request`. 0 = any time.",
    ),
    setting(
        "token_refresh_days_before_expiry",
        th.IntegerType(minimum=1, maximum=59),
        default=20,
        description="How many days before the end of a token the tap acts. Instagram login: it "
        "renews the token in the vault. Facebook login: it logs a warning, because only a person "
        "can renew the token.",
    ),
    setting(
        "api_version",
        th.StringType(pattern=r"^v[0-9]{1,2}\.0$(?!\n)"),
        # No default: Meltano keeps defaults in the user's project, where this one would grow old.
        description="Version of the Graph API. If left out: the newest version that this tap was "
        f"tested with, {DEFAULT_API_VERSION}.",
    ),
    setting(
        "insights_lookback_days",
        th.IntegerType(minimum=0),
        default=3,
        description="How many of the days that were already read are read again in each run. Meta "
        "corrects a day's account insights for up to 48 hours. With fewer than 2, some days keep "
        "numbers that are not final.",
    ),
    setting(
        "media_refresh",
        th.StringType(pattern=TIERS_PATTERN),
        default=DEFAULT_TIERS,
        description="How often the numbers of a media are read, by its age. Each pair is "
        "`age:days`: media younger than `age` days are read every `days` days. 0 means in every "
        "run, `*` means any age. `always` reads all media in every run.",
    ),
    setting(
        "demographics_interval_days",
        th.IntegerType(minimum=0),
        default=7,
        description="Number of days between two readings of `audience_demographics`. "
        "0 = every run.",
    ),
    setting(
        "extra_metrics",
        list_of(r"^(account|media|story):[a-z0-9_]+(:[a-z0-9_]+)?$(?!\n)"),
        description="Metrics that this version of the tap does not know, such as "
        "`media:new_metric`, `story:new_metric` or `account:new_metric`, or in parts, such as "
        "`media:views:follow_type`, or as a series by `day`, `week` or `days_28`, such as "
        "`account:new_metric:week`. Their values become rows of `extra_insights`.",
    ),
    setting(
        "on_rate_limit",
        th.StringType,
        default="wait",
        allowed_values=["wait", "stop"],
        description="What to do at Meta's rate limit. `wait`: pause until calls are allowed again. "
        "`stop`: leave this account for the next run. If the app's own limit is reached, this "
        "applies to all accounts.",
    ),
    setting(
        "on_account_failure",
        th.StringType,
        default="fail",
        allowed_values=["fail", "log"],
        description="What to do at the end of a run that could not read some of its accounts. "
        "`fail`: end with exit code 1. `log`: log the accounts and reasons as an error and end "
        "with exit code 0, so that one account without consent does not make a whole shard start "
        "again.",
    ),
    setting(
        "max_wait_minutes",
        th.IntegerType(minimum=0),
        default=60,
        description="Maximum number of minutes that one run waits at rate limits, in total. What "
        "would need a longer wait is left for the next run.",
    ),
    setting(
        "max_calls",
        th.IntegerType(minimum=0),
        default=0,
        description="Maximum number of API calls per run. Every call inside a batch counts. "
        "0 = no limit.",
    ),
    setting(
        "parallel_requests",
        th.IntegerType(minimum=1, maximum=32),
        default=16,
        description="Maximum number of HTTP requests at the same time.",
    ),
    setting(
        "api_url",
        th.StringType(pattern=API_URL_PATTERN),
        description="Address of another server than Meta's, such as the sandbox's. It gets all "
        "tokens, so it must begin with https:// unless it is on this machine.",
    ),
    setting(
        "user_agent",
        th.StringType,
        description="Header `User-Agent` of the requests to Meta. If left out: the tap's name and "
        "version.",
    ),
)

PROPERTIES: dict[str, dict[str, Any]] = SETTINGS.to_dict()["properties"]
"""The JSON schema of each setting by name."""
