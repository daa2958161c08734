"""A headless Chromium that opens a page and tells what happened: errors, requests, contents."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import Self

from tests.ending import killed_with_this_process

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60


def chromium() -> str:
    """Find Chromium on the path."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("No Chromium is installed: `sudo apt-get install chromium`, for example.")
    return found


class Browser:
    """Chromium with one page, driven through the DevTools protocol.

    Args:
        profile: Directory for the files of this browser.
        timezone: Time zone of the machine, as the browser sees it.

    Attributes:
        errors: Errors and warnings of the console, and exceptions of scripts.
        requests: The addresses that the page asked for, without data: and the page itself.
    """

    def __init__(self, profile: Path, *, timezone: str = "UTC") -> None:
        connect = pytest.importorskip("websockets.sync.client").connect
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._numbers = itertools.count(1)
        command = [chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--mute-audio"]
        command += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "TZ": timezone},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(killed_with_this_process(self._process.pid))
        self._stack.callback(self._end)
        self._socket = self._stack.enter_context(connect(self._page_address(), max_size=None))
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _page_address(self) -> str:
        assert self._process.stderr
        for line in self._process.stderr:
            if found := re.search(r"DevTools listening on ws://([^/]+)/", line):
                break
        else:
            pytest.fail("Chromium has ended before it was ready.")
        with urllib.request.urlopen(f"http://{found[1]}/json", timeout=SECONDS) as answer:
            pages = json.load(answer)
        return str(next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def _end(self) -> None:
        # Chromium has processes of its own, all in one group.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol, and note what is told on the way."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=SECONDS))
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message.get("method", ""), message.get("params", {}))

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.errors.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning"}:
            self.errors.append(str(params["args"]))
        elif method == "Network.requestWillBeSent":
            address = params["request"]["url"]
            if not address.startswith(("data:", "file:")):
                self.requests.append(address)

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, path: Path, *, width: int = 1200) -> None:
        """Open a file, and wait until its charts are drawn."""
        self.errors.clear()
        self.requests.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        start = time.monotonic()
        self.call("Page.navigate", url=path.as_uri())
        while not self.evaluate("document.body && document.body.dataset.shown"):
            assert time.monotonic() - start < SECONDS, self.errors
            time.sleep(0.02)

    def choose(self, account: str) -> None:
        """Choose an account in the list, and wait until its charts are drawn."""
        self.evaluate(
            f"""(async () => {{
                const choice = document.getElementById("account");
                choice.value = {json.dumps(account)};
                await show(choice.value);
            }})()"""
        )
