"""Whatever an answer holds: what is read is bounded, and a sentence says what was wrong."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tap_instagram_business.graph.api import ApiConfig
from tap_instagram_business.graph.bodies import (
    MAX_DEPTH,
    UnreadableBody,
    parse_json,
    read_body,
)
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.debug_token import _facts, debug_tokens
from tap_instagram_business.graph.errors import GraphError, GraphFailure, Unreachable
from tap_instagram_business.graph.rate_limits import read_usage
from tap_instagram_business.graph.retries import RetryPolicy
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.oauth import _check_for_error, _parse_grant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answers = Callable[..., str]

TOKEN = "EAAcanary-token-0123456789"


@pytest.fixture(autouse=True)
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GraphClient, "retry_policy", RetryPolicy(tries=1, first_pause=0.0))


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Serve one body to every request: `answers(b"…", status=500)` returns the address."""
    running: list[ThreadingHTTPServer] = []

    def start(body: bytes, status: int = 200, **headers: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_DELETE = do_GET  # noqa: N815 - as in the base class

            def log_message(self, *_args: Any) -> None:
                """Keep quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_body_that_is_small_only_while_it_is_compressed_is_not_read(answers: Answers) -> None:
    bomb = gzip.compress(b"[" + b"0," * 15_000_000 + b"0]")
    url = answers(bomb, Content_Encoding="gzip")
    tracemalloc.start()
    with requests.get(url, stream=True, timeout=5) as response, pytest.raises(UnreadableBody):
        read_body(response, max_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


DEEP = b"[" * 100_000
UNSOUND = {
    "deep lists": DEEP + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "never closed": DEEP,
    "a little too deep": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "not a number": b'{"data": NaN}',
    "no end": b'{"data": -Infinity}',
    "a huge number": b'{"data": ' + b"9" * 5_000 + b"}",
    "no Unicode": b'{"data": "\xff\xfe"}',
    "two bodies": b"{}{}",
    "zeros": b"\0" * 100,
    "nothing": b"",
}


@pytest.mark.parametrize("name", UNSOUND)
def test_an_answer_that_is_no_sound_json_is_none(answers: Answers, name: str) -> None:
    with pytest.raises(UnreadableBody):
        parse_json(UNSOUND[name])
    url = answers(UNSOUND[name])
    session = GraphClient(ApiConfig(api_url=url))
    with closing(session), pytest.raises(GraphFailure):
        list(session.send_all([Call("17841", token=TOKEN)]))
    app = oauth.App(login="instagram", app_id="1", app_secret="secret-0123", api_url=url)
    with pytest.raises(Unreachable, match="gave no usable response"):
        oauth.exchange(app, TOKEN)


def test_halves_of_characters_become_question_marks() -> None:
    body = rb'{"a": "\ud83d\ude00 \ud83d x \ude00", "b": "\\ud83d", "c": "\uD800"}'
    assert parse_json(body) == {"a": "\U0001f600 ? x ?", "b": "\\ud83d", "c": "?"}
    assert parse_json(json.dumps("👩‍👩‍👧‍👦" * 3).encode()) == "👩‍👩‍👧‍👦" * 3


ODD: tuple[Any, ...] = (
    None,
    True,
    5,
    -1,
    1.5,
    1e300,
    10**400,
    "x",
    "",
    [],
    [5],
    [[]],
    {},
    {"a": {}},
    "\0",
    "9" * 99,
)


def test_odd_types_in_an_error_are_an_error_all_the_same() -> None:
    names = ("message", "code", "error_subcode", "is_transient", "fbtrace_id", "error_user_msg")
    for odd in ODD:
        for name in names:
            error = GraphError({"message": "m", "code": 100, name: odd})
            assert str(error).startswith("Meta's error ")
            assert isinstance(error.code, int)


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_types_in_a_grant_are_told_or_left_out(odd: Any) -> None:
    for name in ("access_token", "expires_in", "permissions", "data", "error", "error_message"):
        try:
            body = _check_for_error({"access_token": TOKEN, name: odd}, 200)
            grant = _parse_grant(body)
        except (CredentialsError, GraphFailure):
            continue
        assert grant.token == TOKEN or (name == "access_token" and odd in {"x", "9" * 99})
        assert grant.expires_in is None or 0 < grant.expires_in < 10**9
        assert all(isinstance(scope, str) for scope in grant.scopes)
    with pytest.raises((CredentialsError, GraphFailure)):
        _parse_grant(_check_for_error(odd, 200))


def test_odd_types_in_what_meta_says_about_a_token(answers: Answers) -> None:
    names = ("data", "expires_at", "data_access_expires_at", "scopes", "granular_scopes", "error")
    for name in names:
        for odd in ODD:
            data: dict[str, Any] = {"is_valid": True, "user_id": "5", name: odd}
            facts = _facts(data)
            assert all(isinstance(scope, str) for scope in facts.scopes)
            assert _facts({**data, "is_valid": False}).error
    batch = [{"code": 200, "body": json.dumps({"data": 5})}]
    session = GraphClient(ApiConfig(api_url=answers(json.dumps(batch).encode())))
    with closing(session), pytest.raises(GraphFailure):
        next(debug_tokens(session, [TOKEN], asked_with=TOKEN))


@pytest.mark.parametrize("odd", ["1e999", "-5", "NaN", '"9"', "[]", "[" * 100_000, "9" * 5_000])
def test_odd_figures_of_usage_are_no_information(odd: str) -> None:
    app = f'{{"call_count": {odd}, "total_time": 7, "estimated_time_to_regain_access": {odd}}}'
    usage = read_usage({"X-App-Usage": app, "X-Business-Use-Case-Usage": app})
    assert usage.percent in {0.0, 7.0}
    assert usage.regain_minutes == 0
