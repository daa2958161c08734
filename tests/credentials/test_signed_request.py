"""Meta's own calls are believed only if the app's secret signed them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.credentials.command import APP, command, complaint, done, environment

if TYPE_CHECKING:
    from tap_instagram_business.credentials.vault import Record, Vault

SECRET = APP["APP_SECRET"]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: Any, secret: str = SECRET) -> str:
    """Sign as Meta's documentation has it: the signature is over the encoded payload."""
    body = encoded(json.dumps(payload).encode())
    return f"{encoded(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}.{body}"


ASKED = {"user_id": "5550000000000001", "algorithm": "HMAC-SHA256", "issued_at": 1790000000}


@pytest.fixture
def env(vault: Vault, record: Record) -> dict[str, str]:
    with vault.changing() as records:
        records[record.account_id] = record
    return environment(VAULT_PATH=vault.place, **APP)


def verified(given: str, env: dict[str, str], *options: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        done(command("verify-signed-request", *options, given=given, env=env))
    )
    return said


@pytest.mark.parametrize("as_form", [True, False])
def test_a_genuine_call_says_whose_accounts_it_is_about(
    env: dict[str, str], record: Record, *, as_form: bool
) -> None:
    call = signed(ASKED)
    said = verified(urlencode({"signed_request": call}) if as_form else call, env)
    assert said == {
        "user_id": "5550000000000001",
        "issued_at": "2026-09-21T14:13:20+00:00",
        "account_ids": [record.account_id],
    }


def test_ids_may_come_as_numbers(env: dict[str, str], record: Record) -> None:
    said = verified(signed({**ASKED, "user_id": 5550000000000001}), env)
    assert said["account_ids"] == [record.account_id]


def test_a_stranger_has_no_accounts(env: dict[str, str]) -> None:
    assert verified(signed({**ASKED, "user_id": "1"}), env)["account_ids"] == []


def test_a_deletion_request_is_answered_as_meta_expects(env: dict[str, str]) -> None:
    url = "https://example.com/deletion?id={code}"
    run = command("verify-signed-request", "--status-url", url, given=signed(ASKED), env=env)
    answer = json.loads(done(run))
    code = answer["confirmation_code"]
    assert answer == {"url": f"https://example.com/deletion?id={code}", "confirmation_code": code}
    about = json.loads(run.stderr.splitlines()[-1])
    assert about["confirmation_code"] == code
    assert about["account_ids"]


def flipped(call: str, place: int) -> str:
    return call[:place] + ("A" if call[place] != "A" else "B") + call[place + 1 :]


@pytest.mark.parametrize(
    "call",
    [
        signed(ASKED, "another secret"),
        flipped(signed(ASKED), 3),
        flipped(signed(ASKED), 60),
        f".{signed(ASKED).partition('.')[2]}",
        signed(ASKED).partition(".")[0],
        "signed_request=",
        "nonsense",
        "ä.ö",
    ],
)
def test_a_call_that_is_not_genuine_is_refused(env: dict[str, str], call: str) -> None:
    run = command("verify-signed-request", given=call, env=env)
    assert complaint(run).startswith("This request is not signed with the app's secret")
    assert not run.stdout


@pytest.mark.parametrize(
    "payload", [{**ASKED, "algorithm": "none"}, {}, [], "text", {"user_id": 1}]
)
def test_a_signed_call_that_says_nothing_known(env: dict[str, str], payload: Any) -> None:
    run = command("verify-signed-request", given=signed(payload), env=env)
    assert "says nothing that is known" in complaint(run)


def test_the_secret_is_needed(vault: Vault) -> None:
    env = environment(VAULT_PATH=vault.place)
    assert "APP_SECRET" in complaint(command("verify-signed-request", given="x.y", env=env))
