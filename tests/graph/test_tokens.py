"""Accounts with a token each: whose token, proof and rate limit each call of a batch uses."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import ApiSettings, WorldSettings
from tap_instagram_business.graph.api import ApiConfig
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.discovery import read_each
from tap_instagram_business.graph.errors import GraphError
from tap_instagram_business.graph.rate_limits import RateLimits
from tests.graph.test_rate_limits import case
from tests.graph.test_transport import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.graph.accounts import TokenAccounts
    from tap_instagram_business.graph.rate_limits import Usage

SETTINGS = ApiSettings(require_proof=True)


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WorldSettings(accounts=3, posts=1, days=2), api_settings=SETTINGS)


@pytest.fixture
def tokens(server: GraphApiServer) -> dict[str, str]:
    """The token of each account."""
    return {page.account.id: page.access_token for page in server.world.pages if page.account}


def read(server: GraphApiServer, tokens: dict[str, str]) -> TokenAccounts:
    access = ApiConfig(api_url=server.url, app_secret=SETTINGS.app_secret, several_tokens=True)
    with closing(GraphClient(access)) as session:
        return read_each(session, tokens, fields=["id", "username"])


def test_a_batch_sends_each_token_with_its_own_proof(
    server: GraphApiServer, tokens: dict[str, str]
) -> None:
    found = read(server, tokens)
    assert [(account.id, account.token) for account in found.accounts] == [*tokens.items()]
    assert all(account.node["id"] == account.id for account in found.accounts)
    assert (found.unread, server.http_requests) == ({}, 1)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_dead_token_in_a_batch_ends_only_its_account(
    server: GraphApiServer, tokens: dict[str, str], place: int
) -> None:
    dead = [*tokens][place]
    server.api.tokens.end(tokens[dead], 458)
    found = read(server, tokens)
    assert [account.id for account in found.accounts] == [one for one in tokens if one != dead]
    ((lost, error),) = found.unread.items()
    assert lost == dead
    assert isinstance(error, GraphError)
    assert (error.code, error.subcode) == (190, 458)


@dataclass
class Noting(RateLimits):
    """Rate limits that also keep what was noted of which account."""

    noted: list[tuple[str, Usage]] = field(default_factory=list)

    def note_usage(self, usage: Usage, account_id: str, sent: float) -> None:
        self.noted.append((account_id, usage))
        super().note_usage(usage, account_id, sent)


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that reports different usage of its accounts: of the batch, and of each call in it."""
    operations = [
        {
            "code": 200,
            "headers": [{"name": k, "value": v} for k, v in case(call_count=percent).items()],
            "body": json.dumps({"id": "1"}),
        }
        for percent in (10, 20)
    ]
    usage = {**case(call_count=77), "X-App-Usage": json.dumps({"call_count": 5})}
    with Host(body=json.dumps(operations), headers=usage) as running:
        yield running


def test_usage_counts_for_the_account_of_each_call_and_that_of_a_batch_for_the_app(
    host: Host,
) -> None:
    limits = Noting()
    calls = [
        Call("1790", account_id="17841", token="t"),
        Call("1791", account_id="17842", token="u"),
    ]
    with closing(GraphClient(ApiConfig(api_url=host.url), rate_limits=limits)) as session:
        assert [answer.error for answer in session.send_all(calls)] == [None, None]
    of_accounts = [
        (name, usage.account) for name, usage in limits.noted if usage.account is not None
    ]
    assert of_accounts == [("17841", 10), ("17842", 20)]
    assert [usage.app for _, usage in limits.noted if usage.app is not None] == [5]
