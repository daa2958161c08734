"""One HTTP request, asked again while the trouble is the network's or a server's."""

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

import backoff
import requests
from requests.adapters import HTTPAdapter

from tap_instagram_business.graph import versions
from tap_instagram_business.graph.auth import BearerToken
from tap_instagram_business.graph.errors import Unreachable
from tap_instagram_business.graph.limits import Usage, read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backoff._typing import Details

    from tap_instagram_business.graph.calls import Call
    from tap_instagram_business.graph.limits import Allowance


logger = logging.getLogger("tap-instagram-business.graph")


class Unreadable(requests.RequestException):
    """What came back is not JSON: a proxy's page, an empty or a torn body."""


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
        self._skew = dt.timedelta()
        self._versions = {url.rpartition("/")[2], ""}
        self._http = requests.Session()
        self._http.headers["User-Agent"] = user_agent
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=connections))
        self._retry = backoff.on_exception(
            backoff.expo,
            requests.RequestException,
            max_tries=patience.tries,
            factor=patience.first_pause,
            logger=None,
            on_backoff=_log_retry,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def now(self) -> dt.datetime:
        """Return the time by Meta's clock (UTC), so that a day is Meta's day on any machine."""
        return dt.datetime.now(dt.timezone.utc) + self._skew

    def send(
        self, path: str, fields: Mapping[str, str], *, call: Call, costs: Costs, calls: int = 0
    ) -> tuple[Any, int]:
        """Ask, and return the JSON that came back with its HTTP status.

        Args:
            path: path below `url`.
            fields: query parameters, or the form of a batch.
            call: the call, or the first of those together: whose token and whose allowance.
            costs: who pays.
            calls: how many calls a batch holds; 0 for a plain GET.

        Raises:
            Unreachable: nothing readable came back.
        """

        def once() -> tuple[Any, int]:
            return self._once(path, fields, call=call, costs=costs, calls=calls)

        try:
            return self._retry(once)()
        except requests.RequestException as error:
            message = (
                f"{self.url} gives no answer ({_why(error)}): check the network, and setting "
                "`api_url` where it is set"
            )
            raise Unreachable(message) from None

    def _once(
        self, path: str, fields: Mapping[str, str], *, call: Call, costs: Costs, calls: int
    ) -> tuple[Any, int]:
        usage = read_usage({})
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
            usage = read_usage(response.headers)
        finally:
            costs.add(calls or 1, usage.percent)
        # A batch's own headers do not say which of its accounts they are about; its calls' do.
        self.allowance.read(Usage(app=usage.app) if calls else usage, call.payer)
        self._set_clock(response.headers.get("Date", ""))
        self._note_version(response.headers.get("Facebook-API-Version", ""))
        try:
            return json.loads(response.content), response.status_code
        except ValueError:
            message = f"HTTP {response.status_code} with no JSON in it"
            raise Unreadable(message) from None

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

    def pause(self, attempt: int) -> None:
        """Sleep before asking something for the nth time again."""
        time.sleep(self.patience.first_pause * 2 ** (attempt - 1))


def _log_retry(details: Details) -> None:
    """Say that something is asked again; the exception's own text would show the whole URL."""
    error = details.get("exception")
    why = _why(error) if isinstance(error, requests.RequestException) else "no answer"
    logger.info("Asking again in %.1f s: %s.", details.get("wait", 0.0), why)


def _why(error: requests.RequestException) -> str:
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or it broke"
    return type(error).__name__
