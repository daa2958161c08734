"""Checks the token, its accounts and the insights, the cheapest question first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business import days
from tap_instagram_business.days import DayLabels
from tap_instagram_business.doctor.report import NEEDED, Report
from tap_instagram_business.graph import api, insights_request
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.day_labels import find_day_labels
from tap_instagram_business.graph.debug_token import TokenFacts, debug_tokens
from tap_instagram_business.graph.discovery import INSIGHTS_TASKS
from tap_instagram_business.graph.error_table import RECONNECT, Action
from tap_instagram_business.graph.errors import (
    AccountRateLimited,
    CallError,
    GraphFailure,
    RateLimited,
)
from tap_instagram_business.metrics import (
    BREAKDOWNS,
    DAY_METRICS,
    DEMOGRAPHIC_BREAKDOWNS,
    DEMOGRAPHIC_METRICS,
    FOLLOWER_COUNT,
    MEDIA_METRICS,
    MIN_FOLLOWERS,
    ONLINE_FOLLOWERS,
    kind_of,
    media_metrics,
    metrics_split_by,
)
from tap_instagram_business.values import read_id, read_text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.accounts import Account, TokenAccounts
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.client import GraphClient
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run

READING = "instagram_basic"
WARN_DAYS = 14
"""How many days before the end of a token a warning is given."""
MAX_NAMED = 5
RECENT_MEDIA = "50"
KIND_FIELDS = ("media_product_type", "media_type", "permalink")
ALL_MEDIA_METRICS = frozenset(metric.name for metric in MEDIA_METRICS)


class Checks:
    """The checks of the token of setting `access_token`, or of the tokens of a vault."""

    def __init__(self, run: Run, source: str) -> None:
        self._run = run
        self._token = run.secrets["access_token"]
        self._login = run.config["login"]
        self._client = run.graph.counting(run.discovery_costs)
        self.report = Report(run, source)

    def run(self) -> Report:
        """Run all checks; a failure ends them and is a problem in the report."""
        report = self.report
        if warning := api.host_warning(self._run.config.get("api_url") or ""):
            report.warnings.append(warning)
        try:
            facts = self._inspect() if self._token and self._login == "facebook" else None
            if not (facts and facts.error):
                self._check_accounts(facts)
        except (AccountRateLimited, RateLimited) as stop:
            messages = report.warnings if report.accounts else report.problems
            messages.append(f"{stop}; the remaining checks were skipped")
        except GraphFailure as failure:
            report.problems.append(failure.sentence)
        self._check_version()
        return report

    # The token

    def _inspect(self) -> TokenFacts | None:
        """Ask Meta about the token, with a token of the app or with the token itself."""
        refusals = []
        app = self._run.app
        for asked_with in [app.token, self._token] if app.has_credentials else [self._token]:
            try:
                facts = next(debug_tokens(self._client, [self._token], asked_with=asked_with))
            except CallError as error:
                refusals.append(error)
                continue
            if refusals:
                self.report.warnings.append(
                    f"settings `app_id` and `app_secret` do not fit the token ({refusals[0]})"
                )
            self._note_facts(facts)
            return facts
        if refusals[-1].rule.action is Action.STOP:
            raise refusals[-1]
        self.report.warnings.append(f"Meta reports nothing about the token ({refusals[-1]})")
        return None

    def _note_facts(self, facts: TokenFacts) -> None:
        self.report.token, self.report.owner_kind = facts, facts.kind
        if facts.error:
            self.report.problems.append(facts.error.sentence)
            return
        self._check_expiry(facts.expires, "the token")
        self._check_expiry(facts.data_access_expires, "its access to data")

    def _check_expiry(self, end: dt.datetime | None, what: str) -> None:
        if end is None:
            return
        now = self._client.now()
        left = (end.date() - now.date()).days
        if end <= now:
            self.report.problems.append(f"{what} expired on {end:%Y-%m-%d}: {RECONNECT}")
        elif left < WARN_DAYS:
            self.report.warnings.append(
                f"{what} expires on {end:%Y-%m-%d}, in {left} days: connect the account again "
                "before then"
            )

    # The accounts

    def _check_accounts(self, facts: TokenFacts | None) -> None:
        try:
            found = self._run.find_token_accounts()
        except GraphFailure:
            self._check_scopes()
            raise
        self._note_owner(found)
        self.report.permissions = found.permissions
        self._check_scopes()
        self._note_accounts(found, facts)
        if found.accounts and not set(NEEDED) & set(self.report.scopes_lacking):
            self._check_insights(found.accounts)

    def _note_owner(self, found: TokenAccounts) -> None:
        report = self.report
        owner = found.owner
        if not self._token:
            report.owner_kind = "each account's own, in the vault"
        elif self._login == "instagram":
            report.owner_kind = "Instagram user"
            own = next(iter(found.accounts), None)
            owner = {"id": own.id, "name": own.node.get("username")} if own else {}
        elif not owner:
            call = Call("me", params={"fields": "id,name"}, token=self._token)
            owner = self._client.send(call).data
        report.owner = owner

    def _check_scopes(self) -> None:
        if lacking := [name for name in NEEDED if name in self.report.scopes_lacking]:
            self.report.problems.append(
                f"the token was not granted {' and '.join(lacking)}: grant it to the app and "
                "connect the account again"
            )

    def _note_accounts(self, found: TokenAccounts, facts: TokenFacts | None) -> None:
        report = self.report
        report.accounts = found.accounts
        report.skipped = [item.text for item in found.missing]
        granted = facts.targets.get(READING, ()) if facts else ()
        for account_id, error in found.unread.items():
            left_out = granted and account_id not in granted
            why = "it was not ticked when the token was granted" if left_out else error.sentence
            report.problems.append(f"the access token cannot read account {account_id}: {why}")
        if not self._run.config.get("account_ids"):
            known = {account.id for account in found.accounts}
            report.skipped += [
                f"account {account_id}: granted to the token, but not found by its Pages; "
                "setting `account_ids` can name it"
                for account_id in granted
                if account_id not in known
            ]

    # The insights

    def _check_insights(self, accounts: tuple[Account, ...]) -> None:
        found = find_day_labels(self._client, accounts)
        self.report.day_labels = found
        self.report.has_tried_metrics = True
        probes = Probes(self._client, found or DayLabels())
        failed = probes.unreadable(accounts)
        self._note_unreadable(accounts, failed)
        if readable := [account for account in accounts if account.id not in failed]:
            probes.try_all(readable)

    def _note_unreadable(
        self, accounts: Iterable[Account], failed: Mapping[str, CallError]
    ) -> None:
        reasons: dict[str, list[str]] = {}
        for account in accounts:
            if error := failed.get(account.id):
                reason = _task_lacking(account) or error.sentence
                reasons.setdefault(reason, []).append(account.label)
        for reason, labels in reasons.items():
            more = f" and {len(labels) - MAX_NAMED} more" if len(labels) > MAX_NAMED else ""
            named = ", ".join(labels[:MAX_NAMED])
            self.report.problems.append(f"no insights of {named}{more}: {reason}")

    def _check_version(self) -> None:
        version, today = self._run.config["api_version"], self._client.now().date()
        if warning := api.version_warning(version, today):
            ended = api.has_ended(version, today)
            (self.report.problems if ended else self.report.warnings).append(warning)


def _task_lacking(account: Account) -> str:
    tasks = account.page.get("tasks")
    if not tasks or INSIGHTS_TASKS & set(tasks):
        return ""
    return f"the token's owner lacks the task ANALYZE on Page {account.page.get('name')}"


class Probes:
    """Requests insights of accounts, as a sync would.

    One account is asked for every group of account insights and for all metrics of its newest media
    of each kind, all other accounts for one group.
    """

    def __init__(self, client: GraphClient, labels: DayLabels) -> None:
        self._client = client
        day = days.yesterday(client.now())
        self._yesterday = labels.window(day, day)

    def unreadable(self, accounts: Sequence[Account]) -> dict[str, CallError]:
        """Request one day of each account, and return by id the errors of those that fail.

        Raises:
            GraphFailure: Meta does not answer.
        """
        totals = tuple(metric.name for metric in DAY_METRICS)
        calls = (
            insights_request.day_total(account, totals, self._yesterday) for account in accounts
        )
        return {
            result.call.node: result.error
            for result in self._answers(calls)
            if result.error and result.ends_account
        }

    def try_all(self, accounts: Sequence[Account]) -> None:
        """Request every metric of one account.

        Raises:
            GraphFailure: Meta does not answer.
        """
        large = (a for a in accounts if (a.followers or 0) >= MIN_FOLLOWERS)
        account = next(large, accounts[0])
        calls = [*self._account_calls(account), *self._media_calls(account)]
        for _ in self._answers(calls):
            pass

    def _answers(self, calls: Iterable[Call]) -> Iterator[Result]:
        for result in self._client.send_all(calls):
            if isinstance(result.error, AccountRateLimited):
                raise result.error
            yield result

    def _account_calls(self, account: Account) -> Iterator[InsightsCall]:
        day = self._yesterday
        for breakdown in BREAKDOWNS:
            metrics = metrics_split_by(breakdown)
            yield insights_request.day_total(account, metrics, day, breakdown)
        yield insights_request.series(account, (FOLLOWER_COUNT.name,), "day", day)
        for metric, timeframes in DEMOGRAPHIC_METRICS.items():
            timeframe = next(iter(timeframes.values()))
            breakdown = DEMOGRAPHIC_BREAKDOWNS[-1]
            yield insights_request.demographics(account, metric, timeframe, breakdown)
        yield insights_request.series(account, (ONLINE_FOLLOWERS,), "lifetime", day)

    def _media_calls(self, account: Account) -> Iterator[InsightsCall]:
        for kind, media_id in self._newest_media(account).items():
            metrics = media_metrics(kind, self._client.config.login, ALL_MEDIA_METRICS)
            names = tuple(metric.name for metric in metrics)
            yield from insights_request.media_lifetime(account, media_id, kind, names)

    def _newest_media(self, account: Account) -> dict[str, str]:
        """Return the id of the newest media of each kind among the recent ones."""
        params = {"fields": ",".join(("id", *KIND_FIELDS)), "limit": RECENT_MEDIA}
        calls = [Call(account.id, edge, params, account.token) for edge in ("media", "stories")]
        newest: dict[str, str] = {}
        for result in self._answers(calls):
            for node in result.nodes:
                kind = kind_of(*(read_text(node.get(name)) for name in KIND_FIELDS))
                if kind and (media_id := read_id(node.get("id"))):
                    newest.setdefault(kind, media_id)
        return newest
