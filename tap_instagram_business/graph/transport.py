"""HTTP requests to the Graph API."""

from __future__ import annotations

import datetime as dt
import logging
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from tap_instagram_business.graph import api
from tap_instagram_business.graph.api import BearerToken
from tap_instagram_business.graph.bodies import UnreadableBody, parse_json, read_body
from tap_instagram_business.graph.rate_limits import Usage, read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.graph.api import ApiConfig
    from tap_instagram_business.graph.calls import Call
    from tap_instagram_business.graph.rate_limits import Costs, RateLimits
    from tap_instagram_business.graph.retries import CircuitBreaker

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class HttpResponse:
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


class Transport:
    """One connection pool for the whole run, shared by its threads."""

    def __init__(self, config: ApiConfig, rate_limits: RateLimits, guard: CircuitBreaker) -> None:
        self._url = config.url
        self._rate_limits = rate_limits
        self._guard = guard
        self._skew = dt.timedelta()
        self._versions = {config.api_version, ""}
        self._http = requests.Session()
        # A proxy would read what is sent to this machine in plain text.
        self._http.trust_env = self._url.startswith("https://")
        self._http.headers["User-Agent"] = config.user_agent
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=config.parallel_requests))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def now(self) -> dt.datetime:
        """Return the time by Meta's clock (UTC), so that a day is Meta's day on any machine."""
        # The skew is read first: another thread may set it, and the time must not run backwards.
        return self._skew + dt.datetime.now(dt.timezone.utc)

    def send(
        self, path: str, fields: Mapping[str, str], *, call: Call, costs: Costs, calls: int = 0
    ) -> HttpResponse:
        """Send one request and return the reply; if none came, this has waited a while.

        Args:
            path: path below `url`.
            fields: query parameters, or the form of a batch.
            call: the call, or the first call of a batch: its token and its account's rate limit.
            costs: where the request is counted.
            calls: how many calls a batch holds; 0 for a plain GET.

        Raises:
            Unreachable: no request has been answered for long.
        """
        sent = time.monotonic()
        try:
            response = self._request(path, fields, call.token, is_batch=calls > 0)
            content, trouble = self._read(response)
            usage = read_usage(response.headers)
        except requests.RequestException as error:
            costs.add(calls or 1, 0.0)
            return self._unanswered(sent, _why(error))
        costs.add(calls or 1, usage.percent)
        # A batch's own headers do not say which of its accounts they are about; its calls' do.
        self._rate_limits.note_usage(
            Usage(app=usage.app) if calls else usage, call.quota_account, sent
        )
        self._set_clock(response.headers.get("Date", ""))
        self._note_version(response.headers.get("Facebook-API-Version", ""))
        if trouble:
            return self._unanswered(sent, f"HTTP {response.status_code} with {trouble}")
        self._guard.answered()
        return HttpResponse(content, response.status_code, sent)

    def _request(
        self, path: str, fields: Mapping[str, str], token: str, *, is_batch: bool
    ) -> requests.Response:
        return self._http.request(
            "POST" if is_batch else "GET",
            f"{self._url}/{path}",
            params=None if is_batch else fields,
            data=fields if is_batch else None,
            auth=BearerToken(token),
            timeout=self._guard.policy.timeout,
            allow_redirects=False,
            stream=True,
        )

    @staticmethod
    def _read(response: requests.Response) -> tuple[Any, str]:
        """Return the JSON of a response and ''; or None and why there is none."""
        try:
            return parse_json(read_body(response)), ""
        except UnreadableBody as error:
            return None, str(error)

    def _unanswered(self, sent: float, why: str) -> HttpResponse:
        self._guard.not_answered(sent, self._url, why)
        return HttpResponse(sent=sent, trouble=why)

    def _set_clock(self, date: str) -> None:
        try:
            self._skew = parsedate_to_datetime(date) - dt.datetime.now(dt.timezone.utc)
        except (TypeError, ValueError, OverflowError):
            return

    def _note_version(self, served: str) -> None:
        """Warn once if another version answers: Meta has switched off the one that was asked."""
        if served not in self._versions:
            self._versions.add(served)
            logger.warning("Meta answers as API version %s: %s.", served, api.VERSION_REMEDY)


def _why(error: requests.RequestException) -> str:
    """Return what went wrong; the exception's own text would show the whole URL."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or it broke"
    return type(error).__name__
