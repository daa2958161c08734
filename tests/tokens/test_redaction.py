"""Secrets are replaced when a log record is created, whatever the logging configuration is."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests
from singer_sdk.logging import StructuredFormatter

from tap_instagram_business import redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instagram_sandbox.graph_api import GraphApiServer

CANARY = 'canary/redaction+"0123456789"'


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Configure logging after redaction is installed, as Meltano does; return the logged text."""
    redaction.install()
    redaction.remember(CANARY)
    before = logging.getLogger().handlers[:], logging.getLogger().level
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    plain, structured = io.StringIO(), io.StringIO()
    handlers = [logging.StreamHandler(plain), logging.StreamHandler(structured)]
    handlers[1].setFormatter(StructuredFormatter())
    logging.getLogger().handlers = list(handlers)
    logging.getLogger().setLevel(logging.DEBUG)
    yield lambda: plain.getvalue() + structured.getvalue()
    logging.getLogger().handlers, level = before
    logging.getLogger().setLevel(level)


FORMS = [CANARY, quote(CANARY, safe=""), json.dumps(CANARY)[1:-1], repr(CANARY)[1:-1]]


@pytest.mark.parametrize("form", FORMS)
def test_secrets_in_a_message(log: Callable[[], str], form: str) -> None:
    logging.getLogger("any").debug(f"the token is {form} here")  # noqa: G004
    assert form not in log()
    assert "the token is (secret) here" in log()


def test_secrets_in_arguments_of_any_type(log: Callable[[], str]) -> None:
    logging.getLogger("any").warning("%s %r", {"token": CANARY}, [CANARY])
    logging.getLogger("any").warning("%(token)s", {"token": CANARY})
    assert not [form for form in FORMS if form in log()]


def test_secrets_in_a_message_that_cannot_be_formatted(log: Callable[[], str]) -> None:
    logging.getLogger("any").warning("%d", CANARY)
    assert not [form for form in FORMS if form in log()]


def test_secrets_in_exceptions_and_their_causes(log: Callable[[], str]) -> None:
    def fail() -> None:
        try:
            os.environ[CANARY]
        except KeyError as error:
            message = f"cannot use {CANARY}"
            raise ValueError(message) from error

    try:
        fail()
    except ValueError:
        logging.getLogger("any").exception("failed")
    assert not [form for form in FORMS if form in log()]
    assert "cannot use (secret)" in log()


def test_exceptions_without_secrets_are_left_to_the_formatter(log: Callable[[], str]) -> None:
    try:
        int("no number")
    except ValueError:
        logging.getLogger("any").exception("failed")
    assert '"exception":{"type":"ValueError"' in log()


@pytest.mark.parametrize(
    "text",
    [
        "GET /me?access_token=neverseen1&limit=2",
        "client_secret=neverseen1",
        '{"access_token": "neverseen1"}',
        "Authorization: Bearer neverseen1",
        "GET /?code=neverseen1&state=x",
        "token EAAneverseen1abcdefghijklmnop is dead",
        "token IGAAneverseen1abcdefghijklmno is dead",
        "token IGQVneverseen1abcdefghijklmno is dead",
        "tokenEAAneverseen1abcdefghijklmnopisdead",
        "_EAAneverseen1abcdefghijklmnop_",
        "my_access_token=neverseen1",
        "GET /?next=%2Fme%3Faccess_token%3Dneverseen1",
        '{"body": "{\\"access_token\\": \\"neverseen1\\"}"}',
        "{'client_secret' : 'neverseen1'}",
        "app_secret='neverseen1'",
        "s3://user:neverseen1@bucket/vault.json",
        "https://:never@seen/neverseen1@host/vault.json",
        "Authorization: Basic neverseen1",
        "GET /o?X-Goog-Signature=neverseen1",
    ],
)
def test_texts_that_look_like_secrets_are_replaced(log: Callable[[], str], text: str) -> None:
    logging.getLogger("any").info(text)
    assert "neverseen1" not in log()
    assert "(secret)" in log()


@pytest.mark.parametrize(
    "text",
    [
        "status_code=200",
        "error code=190",
        "EAAT is no token",
        "check TARGET_BIGQUERY_CREDENTIALS_PATH",
        "http://127.0.0.1:8010/v26.0",
        "setting `access_token`: connect the account again",
        "Æsop 👩‍👩‍👧‍👦 日本 é",
    ],
)
def test_other_texts_are_not_replaced(log: Callable[[], str], text: str) -> None:
    logging.getLogger("any").info(text)
    assert text in log()


def test_secrets_in_addresses_that_libraries_log(
    log: Callable[[], str], serve: Callable[..., GraphApiServer]
) -> None:
    requests.get(f"{serve().url}/debug_token", params={"input_token": CANARY}, timeout=5)
    assert "input_token=(secret)" in log()
    assert not [form for form in FORMS if form in log()]


def test_secrets_in_uncaught_exceptions() -> None:
    code = (
        "import threading\n"
        "from tap_instagram_business import redaction\n"
        "redaction.install(); redaction.remember('canary-uncaught-0123')\n"
        "def fail(): raise ValueError('canary-' + 'uncaught-0123')\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
        "fail()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.count("ValueError: (secret)") == 2
    assert "canary-uncaught-0123" not in run.stderr.replace("'canary-uncaught-0123'", "")


def test_thousands_of_tokens_are_replaced_without_delay() -> None:
    """A vault may have the tokens of 100,000 accounts, which all begin alike."""
    redactor = redaction.Redactor()
    tokens = [f"IGAAsame-app{number:06}{'x' * 150}" for number in range(20_000)]
    began = time.process_time()
    for token in tokens:
        redactor.remember(token)
    assert redactor.scrub(f"a {tokens[0]}{tokens[9_999]} b") == "a (secret)(secret) b"
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("canary-1", "(secret)"),
        ("canary-", "canary-"),
        ("canary-1234", "(secret)234"),
        ("canary-12345678", "(secret)"),
        ("ccanary-1canary-12345678canary-", "c(secret)(secret)canary-"),
        ("", ""),
    ],
)
def test_the_longest_secret_at_a_place_is_replaced(text: str, scrubbed: str) -> None:
    redactor = redaction.Redactor()
    redactor.remember("canary-1", "canary-12345678", "canary-")
    assert redactor.scrub(text) == scrubbed
