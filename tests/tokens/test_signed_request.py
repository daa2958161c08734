"""A request is accepted only if it is signed with the app's secret."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.tokens.command import APP, command, complaint, environment, output
from tests.tokens.records import put

if TYPE_CHECKING:
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Record, Vault

SECRET = APP["APP_SECRET"]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: Any, secret: str = SECRET) -> str:
    """Sign as Meta's documentation says: the signature is over the encoded payload."""
    body = encoded(json.dumps(payload).encode())
    return f"{encoded(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}.{body}"


NOW = int(time.time())
HOUR = 3600
PAYLOAD = {"user_id": "5550000000000001", "algorithm": "HMAC-SHA256", "issued_at": NOW}


@pytest.fixture
def env(vault: Vault, keys: KeyRing, record: Record) -> dict[str, str]:
    put(vault, keys, record)
    return environment(VAULT_PATH=vault.location, **APP)


def verified(stdin: str, env: dict[str, str], *options: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(
        output(command("verify-signed-request", *options, stdin=stdin, env=env))
    )
    return facts


@pytest.mark.parametrize("as_form", [True, False])
def test_a_genuine_request_names_the_user_and_their_accounts(
    env: dict[str, str], record: Record, *, as_form: bool
) -> None:
    call = signed(PAYLOAD)
    facts = verified(urlencode({"signed_request": call}) if as_form else call, env)
    assert facts == {
        "user_id": "5550000000000001",
        "issued_at": dt.datetime.fromtimestamp(NOW, dt.timezone.utc).isoformat(),
        "account_ids": [record.account_id],
    }


def test_the_user_id_may_be_a_number(env: dict[str, str], record: Record) -> None:
    facts = verified(signed({**PAYLOAD, "user_id": 5550000000000001}), env)
    assert facts["account_ids"] == [record.account_id]


def test_an_unknown_user_has_no_accounts(env: dict[str, str]) -> None:
    assert verified(signed({**PAYLOAD, "user_id": "1"}), env)["account_ids"] == []


def test_a_deletion_request_is_answered_as_meta_expects(env: dict[str, str]) -> None:
    url = "https://example.com/deletion?id={code}"
    run = command("verify-signed-request", "--status-url", url, stdin=signed(PAYLOAD), env=env)
    answer = json.loads(output(run))
    code = answer["confirmation_code"]
    assert answer == {"url": f"https://example.com/deletion?id={code}", "confirmation_code": code}
    about = json.loads(run.stderr.splitlines()[-1])
    assert about["confirmation_code"] == code
    assert about["account_ids"]


def flipped(call: str, place: int) -> str:
    return call[:place] + ("A" if call[place] != "A" else "B") + call[place + 1 :]


@pytest.mark.parametrize(
    "request_body",
    [
        signed(PAYLOAD, "another secret"),
        flipped(signed(PAYLOAD), 3),
        flipped(signed(PAYLOAD), 60),
        f".{signed(PAYLOAD).partition('.')[2]}",
        signed(PAYLOAD).partition(".")[0],
        "signed_request=",
        "nonsense",
        "ä.ö",
    ],
    ids=range(8),
)
def test_a_request_with_a_wrong_signature_is_refused(
    env: dict[str, str], request_body: str
) -> None:
    run = command("verify-signed-request", stdin=request_body, env=env)
    assert complaint(run).startswith("This request is not signed with the app's secret")
    assert not run.stdout


@pytest.mark.parametrize(
    "payload",
    [
        {**PAYLOAD, "algorithm": "none"},
        {**PAYLOAD, "user_id": None},
        {**PAYLOAD, "issued_at": 1e20},
        {"user_id": 1},
        {},
        [],
        "text",
    ],
)
def test_a_signed_request_with_unknown_content_is_reported(
    env: dict[str, str], payload: Any
) -> None:
    run = command("verify-signed-request", stdin=signed(payload), env=env)
    assert "its content is not understood" in complaint(run)


def test_the_app_secret_is_needed(vault: Vault) -> None:
    env = environment(VAULT_PATH=vault.location)
    assert "APP_SECRET" in complaint(command("verify-signed-request", stdin="x.y", env=env))


@pytest.mark.parametrize(
    ("hours", "age", "is_accepted"),
    [
        ("", 23 * HOUR, True),
        ("", 25 * HOUR, False),
        ("", -HOUR, False),
        ("", None, False),
        ("2", 1 * HOUR, True),
        ("2", 3 * HOUR, False),
        ("0", 10_000 * HOUR, True),
        ("0", None, True),
    ],
)
def test_a_request_that_was_signed_long_ago_is_refused(
    env: dict[str, str], hours: str, age: int | None, *, is_accepted: bool
) -> None:
    env["TAP_INSTAGRAM_BUSINESS_SIGNED_REQUEST_MAX_AGE_HOURS"] = hours
    payload = {**PAYLOAD, "issued_at": None if age is None else NOW - age}
    run = command("verify-signed-request", stdin=signed(payload), env=env)
    if is_accepted:
        assert json.loads(output(run))["user_id"]
    else:
        assert "it may be a copy of an old one" in complaint(run)
        assert not run.stdout


def test_a_request_of_more_than_64_kb_is_refused_before_it_is_checked(env: dict[str, str]) -> None:
    padded = signed({**PAYLOAD, "padding": "x" * 50_000})
    assert len(padded) > 64 * 1024
    for body in (padded, "x" * 10_000_000, "é" * 33_000):
        run = command("verify-signed-request", stdin=body, env=env)
        assert "longer than 65,536 bytes" in complaint(run)
    largest = signed({**PAYLOAD, "padding": "x" * 48_000})
    assert verified(largest, env)["user_id"] == PAYLOAD["user_id"]
