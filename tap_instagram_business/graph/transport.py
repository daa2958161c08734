"""One HTTP request, and how long nothing has been answered at all."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from tap_instagram_business.graph import versions
from tap_instagram_business.graph.auth import BearerToken
from tap_instagram_business.graph.errors import NO_ANSWER, Unreachable
from tap_instagram_business.graph.limits import Usage, read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.graph.calls import Call
    from tap_instagram_business.graph.limits import Allowance

MOST_SILENCES = 8
"""After how many requests in a row without an answer, each later than the last, a run ends."""

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Patience:
    """How often and how long to ask again.

    Attributes:
        tries: how often something is asked before its error is believed.
        first_pause: seconds before the second try; each further pause is twice as long.
        timeout: seconds until a request without an answer counts as lost.
    """

    tries: int = 5
    first_pause: float = 0.5
    timeout: float = 60.0

    def pause(self, attempt: int) -> float:
        """Return for how many seconds to wait before asking for the nth time again."""
        return self.first_pause * 2.0 ** (attempt - 1)


@dataclass
class Costs:
    """What was spent.

    Attributes:
        calls: calls as Meta counts them: each in a batch is one.
        round_trips: HTTP requests, those without an answer included.
        percent: the highest usage of the allowance that an answer reported.
    """

    calls: int = 0
    round_trips: int = 0
    percent: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def add(self, calls: int, percent: float) -> None:
        """Count one round trip."""
        with self._lock:
            self.calls += calls
            self.round_trips += 1
            self.percent = max(self.percent, percent)


@dataclass(frozen=True)
class Reply:
    """What came back for one request, or for one operation of a batch.

    Attributes:
        body: its JSON; None where nothing came that can be read.
        status: its HTTP status; 0 where there was none.
        sent: when it was asked for, by `time.monotonic`.
        trouble: why nothing came that can be read.
    """

    body: Any = None
    status: int = 0
    sent: float = 0.0
    trouble: str = ""


class Silence:
    """How long nothing has been answered, whatever was asked: that is no trouble of one request.

    All wait ever longer then, about a minute in all, for a network that comes back.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._most = patience.tries
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._times = 0
        self._counted = 0.0

    def pause(self, seconds: float) -> None:
        """Wait, unless nobody wants an answer any more."""
        self._closed.wait(seconds)

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closed.set()

    def ends(self) -> None:
        """Note that something was answered."""
        self._times, self._most = 0, MOST_SILENCES

    def lasts(self, sent: float, where: str, why: str) -> None:
        """Note that a request was not answered, and wait.

        Args:
            sent: when it was asked for; those asked for together are counted once.
            where: what gives no answer.
            why: what came instead.

        Raises:
            Unreachable: it has lasted too long.
        """
        with self._lock:
            if sent >= self._counted:
                self._times += 1
                self._counted = time.monotonic()
            times = self._times
        if times >= self._most:
            message = f"{where} gives no answer ({why}): {NO_ANSWER.remedy}"
            raise Unreachable(message)
        logger.info("Asking again: %s.", why)
        self.pause(self._patience.pause(max(1, times)))


class Transport:
    """One connection pool for the whole run, shared by its threads."""

    def __init__(
        self,
        url: str,
        *,
        user_agent: str,
        connections: int,
        allowance: Allowance,
        patience: Patience,
    ) -> None:
        self.url = url
        self.allowance = allowance
        self.patience = patience
        self._silence = Silence(patience)
        self._skew = dt.timedelta()
        self._versions = {url.rpartition("/")[2], ""}
        self._http = requests.Session()
        self._http.headers["User-Agent"] = user_agent
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    def close(self) -> None:
        """Close the connections, and let nobody wait any longer."""
        self._silence.close()
        self._http.close()

    def now(self) -> dt.datetime:
        """Return the time by Meta's clock (UTC), so that a day is Meta's day on any machine."""
        return dt.datetime.now(dt.timezone.utc) + self._skew

    def pause(self, attempt: int) -> None:
        """Wait before asking something for the nth time again."""
        self._silence.pause(self.patience.pause(attempt))

    def send(
        self, path: str, fields: Mapping[str, str], *, call: Call, costs: Costs, calls: int = 0
    ) -> Reply:
        """Ask once, and say what came back; after nothing, some time has passed.

        Args:
            path: path below `url`.
            fields: query parameters, or the form of a batch.
            call: the call, or the first of those together: whose token and whose allowance.
            costs: who pays.
            calls: how many calls a batch holds; 0 for a plain GET.

        Raises:
            Unreachable: nothing has been answered for long, whatever was asked.
        """
        sent = time.monotonic()
        try:
            response = self._http.request(
                "POST" if calls else "GET",
                f"{self.url}/{path}",
                params=None if calls else fields,
                data=fields if calls else None,
                auth=BearerToken(call.token),
                timeout=self.patience.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            costs.add(calls or 1, 0.0)
            return self._unanswered(sent, _why(error))
        usage = read_usage(response.headers)
        costs.add(calls or 1, usage.percent)
        # A batch's own headers do not say which of its accounts they are about; its calls' do.
        self.allowance.read(Usage(app=usage.app) if calls else usage, call.payer, sent)
        self._set_clock(response.headers.get("Date", ""))
        self._note_version(response.headers.get("Facebook-API-Version", ""))
        try:
            reply = Reply(json.loads(response.content), response.status_code, sent)
        except ValueError:
            return self._unanswered(sent, f"HTTP {response.status_code} with no JSON in it")
        self._silence.ends()
        return reply

    def _unanswered(self, sent: float, why: str) -> Reply:
        self._silence.lasts(sent, self.url, why)
        return Reply(sent=sent, trouble=why)

    def _set_clock(self, date: str) -> None:
        try:
            self._skew = parsedate_to_datetime(date) - dt.datetime.now(dt.timezone.utc)
        except (TypeError, ValueError):
            return

    def _note_version(self, served: str) -> None:
        """Warn, once, where another version answers: Meta has switched off the one asked."""
        if served not in self._versions:
            self._versions.add(served)
            logger.warning("Meta answers as API version %s: %s.", served, versions.REMEDY)


def _why(error: requests.RequestException) -> str:
    """Say what went wrong; the exception's own text would show the whole URL."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or it broke"
    return type(error).__name__
