"""What `doctor` says of tokens good and bad, and of what goes wrong around them."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from instagram_sandbox.graph_api.settings import FACEBOOK_SCOPES
from tap_instagram_business.cli import command_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

    Serve = Callable[..., GraphApiServer]

WORLD = WorldSettings(accounts=2, posts=40, days=60, seed=7)
APP_ID = "1234567890123456"
APP = {"app_id": APP_ID, "app_secret": "sandbox-app-secret"}
SCOPES = ", ".join(FACEBOOK_SCOPES)
WORKS = "A sync would work."
UNKNOWN = "unknown (Meta does not report it)"
FORBIDDEN = "Meta's error 10: (#10) Application does not have permission for this action"
RECONNECT = "connect the account again and put the new token into setting `access_token`"


@dataclass
class Said:
    exit_code: int
    text: str

    @property
    def verdict(self) -> str:
        """The sentences before the first empty line."""
        return " ".join(self.text.split("\n\n")[0].splitlines())

    def beside(self, name: str) -> str:
        """What stands beside a name, on one line; '' where the name is not there."""
        found = re.search(rf"^{name} +(.+(?:\n {{12}}.+)*)", self.text, re.MULTILINE)
        return " ".join(found[1].split()) if found else ""


def doctor(tmp_path: Path, server: GraphApiServer, *options: str, **settings: Any) -> Said:
    config = tmp_path / "config.json"
    given = {"access_token": "sandbox-token", "api_url": server.url, **settings}
    config.write_text(json.dumps(given))
    run = CliRunner().invoke(command_line(), ["doctor", "--config", str(config), *options])
    for name in ("access_token", "app_secret"):
        assert str(given.get(name, "no secret")) not in run.output
    return Said(run.exit_code, run.output)


def label(server: GraphApiServer, index: int) -> str:
    account = server.world.account_at(index)
    return f"{account.id} ({account.username})"


@pytest.mark.parametrize("app", [{}, APP])
def test_a_good_token(serve: Serve, tmp_path: Path, app: dict[str, str]) -> None:
    server = serve(WORLD)
    said = doctor(tmp_path, server, **app)
    assert (said.exit_code, said.verdict) == (0, WORKS)
    assert said.beside("login") == "facebook"
    assert said.beside("API") == "v26.0, no end set"
    assert said.beside("token") == (
        f"user Sandbox Person (5550000000000001), of app Sandbox ({APP_ID})"
    )
    assert said.beside("ends") == "never; data access: 2027-01-19, in 60 days"
    assert said.beside("scopes") == SCOPES
    assert said.beside("lacking") == ""
    assert said.beside("accounts") == "2 " + " ".join(
        f"{account['id']} {account['username']}, {account['followers_count']:,} followers, "
        f"{account['media_count']:,} media"
        for account in server.world.accounts(server.clock.now())
    )
    assert said.beside("skipped") == (
        f"Page A Page without Instagram ({server.world.pages[2].id}): no professional account is "
        "linked to it, or the token was not granted that account"
    )
    assert said.beside("refused") == "no metric"
    assert said.beside("usage") == "0 % of Meta's rate limit at most"
    assert said.beside("cost") == f"{server.calls} calls in {server.http_requests} round trips"
    assert server.calls < 25
    assert not [request for request in server.requests if "debug_token" in request.path]


def test_it_fits_on_a_screen(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WorldSettings(accounts=60, posts=2, days=2)))
    lines = said.text.splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 100
    assert "… and 48 more (--json shows all)" in said.beside("accounts")


def test_for_machines(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD, api_settings=ApiSettings(token_expires_in=40 * 86_400))
    seen = json.loads(doctor(tmp_path, server, "--json").text)
    assert seen["ok"] is True
    assert seen["expires"] == "2026-12-30T12:00:00+00:00"
    assert [account["id"] for account in seen["accounts"]] == server.world.account_ids
    assert (seen["refused"], seen["problems"], seen["warnings"]) == ([], [], [])


def test_a_page_token(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD, api_settings=ApiSettings(token_kind="page", scopes=FACEBOOK_SCOPES[:2]))
    page = server.world.pages[0]
    said = doctor(tmp_path, server)
    assert (said.exit_code, said.verdict) == (0, WORKS)
    assert said.beside("token") == f"page {page.name} ({page.id}), of app Sandbox ({APP_ID})"
    assert said.beside("accounts").startswith(f"1 {server.world.account_ids[0]}")
    assert said.beside("lacking") == ""


def test_a_system_user_token(serve: Serve, tmp_path: Path) -> None:
    world = WorldSettings(accounts=2, posts=5, days=5, pageless_accounts=(1,))
    server = serve(world, api_settings=ApiSettings(token_kind="system_user"))
    said = doctor(tmp_path, server)
    assert (said.exit_code, said.verdict) == (0, WORKS)
    assert said.beside("token").startswith("system user Sandbox System User (6660000000000001)")
    assert (
        f"account {server.world.account_ids[1]}: granted to the token, but not found by its Pages; "
        "setting `account_ids` can name it"
    ) in said.beside("skipped")


def test_an_account_named_by_its_id(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD)
    said = doctor(tmp_path, server, account_ids=[server.world.account_ids[1]])
    assert (said.exit_code, said.verdict) == (0, WORKS)
    assert said.beside("token").startswith("user Sandbox Person (5550000000000001)")
    assert said.beside("accounts").startswith(f"1 {server.world.account_ids[1]}")


def test_an_account_that_was_not_ticked(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD, api_settings=ApiSettings(granted_accounts=(0,)))
    said = doctor(tmp_path, server, account_ids=server.world.account_ids)
    assert said.exit_code == 1
    assert said.verdict == (
        f"A sync would fail: the access token cannot read account {server.world.account_ids[1]}: "
        "it was not ticked when the token was granted."
    )


def test_the_instagram_login(serve: Serve, tmp_path: Path) -> None:
    server = serve(WorldSettings(accounts=2, posts=40, days=60, seed=7, login="instagram"))
    said = doctor(tmp_path, server, login="instagram")
    account = server.world.account_at(0)
    assert (said.exit_code, said.verdict) == (0, WORKS)
    assert said.beside("token") == f"Instagram user {account.username} ({account.id})"
    assert said.beside("ends") == (
        "unknown for the Instagram login; 60 days after the token was made or refreshed"
    )
    assert said.beside("scopes") == UNKNOWN
    assert said.beside("refused") == "no metric"


@pytest.mark.parametrize("app", [{}, APP])
def test_a_token_that_has_expired(serve: Serve, tmp_path: Path, app: dict[str, str]) -> None:
    server = serve(WORLD, api_settings=ApiSettings(token_expires_in=3600))
    server.clock.advance(dt.timedelta(hours=2))
    said = doctor(tmp_path, server, **app)
    assert said.exit_code == 1
    when = " Session has expired on 2026-11-20T13:00:00+0000. The current time is "
    why = "" if app else f":{when}2026-11-20T14:00:00+0000."
    assert said.verdict == (
        f"A sync would fail: Meta's error 190/463: Error validating access token{why}: {RECONNECT}."
    )
    assert server.calls == 1


def test_a_token_that_will_expire_soon(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WORLD, api_settings=ApiSettings(token_expires_in=5 * 86_400)))
    assert said.exit_code == 0
    assert said.verdict == (
        f"{WORKS} Warning: the token expires on 2026-11-25, in 5 days: connect the account again "
        "before then."
    )
    assert said.beside("ends") == "2026-11-25, in 5 days; data access: 2027-01-19, in 60 days"


def test_access_to_data_that_has_ended(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD)
    server.clock.advance(dt.timedelta(days=61))
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict == (
        f"A sync would fail: its access to data expired on 2027-01-19: {RECONNECT}."
    )


def test_a_token_that_meta_does_not_know(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WORLD), access_token="EAAnonsense-0123456789")
    assert said.exit_code == 1
    assert said.verdict == (
        "A sync would fail: Meta's error 190: Invalid OAuth access token - Cannot parse access "
        f"token: {RECONNECT}, or set `login` to the login that the token belongs to."
    )
    assert said.beside("token") == "unknown"


def test_a_permission_that_is_missing(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD, api_settings=ApiSettings(scopes=("instagram_basic", "pages_show_list")))
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict == (
        "A sync would fail: the token was not granted instagram_manage_insights: grant it to the "
        "app and connect the account again."
    )
    assert said.beside("lacking") == "instagram_manage_insights, pages_read_engagement"


def test_pages_without_instagram(serve: Serve, tmp_path: Path) -> None:
    server = serve(WorldSettings(accounts=0))
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict == (
        "A sync would fail: the access token gives access to no Instagram professional account: "
        "link the account to a Facebook Page that the token's owner manages, or name it in setting "
        f"`account_ids` (seen: Page A Page without Instagram ({server.world.pages[0].id}): no "
        "professional account is linked to it, or the token was not granted that account)."
    )


def test_an_account_that_withdrew_its_permission(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD)
    server.world.lost_accounts[server.world.account_ids[0]] = "permission"
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict.startswith(
        f"A sync would fail: no insights of {label(server, 0)}: {FORBIDDEN}: grant the app "
    )
    assert said.beside("refused") == "no metric"


def test_a_page_on_which_a_task_is_missing(serve: Serve, tmp_path: Path) -> None:
    server = serve(WorldSettings(accounts=2, posts=5, days=5, taskless_pages=(1,)))
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict == (
        f"A sync would fail: no insights of {label(server, 1)}: the token's owner lacks the task "
        f"ANALYZE on Page {server.world.pages[1].name}."
    )


def test_metrics_that_meta_has_retired(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD)
    server.world.retired_metrics |= {"views", "saved", "follower_demographics"}
    said = doctor(tmp_path, server)
    assert (said.exit_code, said.verdict) == (0, WORKS)
    kinds = "FEED CAROUSEL_ALBUM, FEED IMAGE, REELS VIDEO"
    assert said.beside("refused") == (
        "follower_demographics of audiences, this_month: retired "
        f"saved of {kinds}: retired views of {kinds}, "
        "STORY, accounts, accounts by follow_type, accounts by media_product_type: retired"
    )


def test_an_allowance_that_is_used_up(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WORLD, api_settings=ApiSettings(allowance_calls=8)))
    assert said.exit_code == 0
    assert said.verdict == (
        f"{WORKS} Warning: Meta's rate limit is used up, back in about 5 minutes; the remaining "
        "checks were skipped."
    )
    assert (
        said.beside("usage")
        == "100 % of Meta's rate limit at most, calls are allowed again in 5 minutes"
    )


def test_an_allowance_that_is_used_up_before_any_account_is_found(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(WORLD)
    server.faults.add(Fault(kind="throttle", code=4, match=r"/me\?", times=None))
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict.startswith("A sync would fail: Meta's rate limit is used up")
    assert said.verdict.endswith("the remaining checks were skipped.")


def test_an_old_version(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WORLD), api_version="v21.0")
    assert said.exit_code == 0
    assert said.verdict == (
        f"{WORKS} Warning: API version v21.0 ends on 2027-01-21, in 62 days: raise setting "
        "`api_version`, or leave it out."
    )


def test_a_version_that_has_ended(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WORLD), api_version="v20.0")
    assert said.exit_code == 1
    assert said.verdict == (
        "A sync would fail: API version v20.0 ended on 2026-09-24, Meta answers as another "
        "one: raise setting `api_version`, or leave it out."
    )


@pytest.mark.parametrize("app_id", [{}, {"app_id": APP_ID}])
def test_a_wrong_app_secret(serve: Serve, tmp_path: Path, app_id: dict[str, str]) -> None:
    said = doctor(tmp_path, serve(WORLD), app_secret="canary-secret-0123", **app_id)
    assert said.exit_code == 1
    assert said.verdict == (
        "A sync would fail: Meta's error 100: (#100) Invalid appsecret_proof provided in the "
        "API argument: check setting `app_secret`: it must be the secret of the app that "
        "issued the token."
    )


def test_a_wrong_app_id(serve: Serve, tmp_path: Path) -> None:
    said = doctor(tmp_path, serve(WORLD), app_id="42", app_secret="sandbox-app-secret")
    assert said.exit_code == 0
    assert said.verdict == (
        f"{WORKS} Warning: settings `app_id` and `app_secret` do not fit the token (Meta's "
        "error 190: Invalid OAuth access token - Cannot parse access token)."
    )
    assert said.beside("ends") == "never; data access: 2027-01-19, in 60 days"


def test_a_token_of_which_meta_tells_nothing(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD)
    server.faults.add(Fault("permission", match="debug_token", times=None))
    said = doctor(tmp_path, server)
    assert said.exit_code == 0
    assert said.verdict == (f"{WORKS} Warning: Meta reports nothing about the token ({FORBIDDEN}).")
    assert said.beside("token") == "Sandbox Person (5550000000000001)"
    assert said.beside("ends") == UNKNOWN
    assert said.beside("scopes") == ", ".join(sorted(FACEBOOK_SCOPES))


def test_a_host_that_does_not_answer(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORLD)
    server.stop()
    said = doctor(tmp_path, server)
    assert said.exit_code == 1
    assert said.verdict.startswith(f"A sync would fail: {server.url}/v26.0 gives no answer")


def test_settings_from_the_environment_are_the_default(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN", "sandbox-token")
    monkeypatch.setenv("TAP_INSTAGRAM_BUSINESS_API_URL", serve(WORLD).url)
    run = CliRunner().invoke(command_line(), ["doctor"])
    assert (run.exit_code, run.output.splitlines()[0]) == (0, WORKS)


def test_settings_may_stand_before_the_command(serve: Serve, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"access_token": "sandbox-token", "api_url": serve(WORLD).url}))
    run = CliRunner().invoke(command_line(), ["--config", str(config), "doctor"])
    assert (run.exit_code, run.output.splitlines()[0]) == (0, WORKS)
