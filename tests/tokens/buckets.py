"""Servers of buckets for tests: moto for `s3://`, and an own one for `gs://`.

Both answer one request at a time: a condition of a write would mean nothing otherwise.
"""

from __future__ import annotations

import email
import itertools
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE_SIZE = 3
"""How many objects a page of a list has: lists of tests have several pages."""
BUCKETS = frozenset({"bucket", "other"})


@contextmanager
def s3_server() -> Iterator[str]:
    """Run moto, and yield its address."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - it imports for two seconds
        DomainDispatcherApplication,
        create_backend_app,
    )

    application, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ: WSGIEnvironment, start: StartResponse) -> Any:
        with lock:
            return list(application(environ, start))

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextmanager
def gs_server() -> Iterator[str]:
    """Run a server of Google Cloud Storage, and yield its address.

    It knows the four requests of a vault. Like other emulators, it ignores the condition of a
    deletion: nothing may depend on one.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lock = threading.Lock()
        self.generations = itertools.count(1_700_000_000_000_000)
        self.objects: dict[tuple[str, str], tuple[bytes, int]] = {}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        parts = url.path.partition("/b/")[2].split("/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        with self.server.lock:
            if parts[0] not in BUCKETS:
                self._send(404)
            elif len(parts) == 1:  # the bucket itself, which the client asks for on the side
                self._send(403)
            elif self.command == "POST":
                self._upload(parts[0], query, body)
            elif len(parts) == 2:
                self._list(parts[0], query)
            else:
                self._one(parts[0], unquote(parts[2]))

    def _upload(self, bucket: str, query: dict[str, str], body: bytes) -> None:
        head = f"Content-Type: {self.headers['Content-Type']}\n\n".encode()
        parts: Any = email.message_from_bytes(head + body).get_payload()
        metadata, content = (part.get_payload(decode=True) for part in parts)
        name = json.loads(metadata)["name"]
        _, generation = self.server.objects.get((bucket, name), (b"", 0))
        wanted = query.get("ifGenerationMatch")
        if wanted is not None and int(wanted) != generation:
            return self._send(412)
        generation = next(self.server.generations)
        self.server.objects[bucket, name] = content, generation
        return self._send(200, {"name": name, "bucket": bucket, "generation": str(generation)})

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        prefix, after = query.get("prefix", ""), query.get("pageToken", "")
        names = sorted(name for of, name in self.server.objects if of == bucket)
        found = [
            name
            for name in names
            if name.startswith(prefix) and "/" not in name.removeprefix(prefix) and name > after
        ]
        page = found[:PAGE_SIZE]
        token = {"nextPageToken": page[-1]} if len(found) > PAGE_SIZE else {}
        self._send(200, {"items": [{"name": name} for name in page], **token})

    def _one(self, bucket: str, name: str) -> None:
        content, generation = self.server.objects.get((bucket, name), (b"", 0))
        if not generation:
            return self._send(404)
        if self.command == "DELETE":
            del self.server.objects[bucket, name]
            return self._send(204)
        return self._send(200, content, {"X-Goog-Generation": str(generation)})

    def _send(self, status: int, body: Any = b"", headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        self.send_response(status)
        sent = {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
