"""Asks Meta about a token and its accounts, the cheapest question first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.days import DayLabels
from tap_instagram_business.doctor.diagnosis import Diagnosis, ReadableAccount
from tap_instagram_business.doctor.probes import Probes
from tap_instagram_business.graph import hosts, versions
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.costs import Costs
from tap_instagram_business.graph.day_labels import find_day_labels
from tap_instagram_business.graph.debug_token import TokenFacts, debug_token
from tap_instagram_business.graph.discovery import INSIGHTS_TASKS
from tap_instagram_business.graph.error_table import RECONNECT, Action
from tap_instagram_business.graph.errors import (
    AccountRateLimited,
    CallError,
    GraphFailure,
    RateLimited,
)
from tap_instagram_business.values import read_text, read_whole_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from tap_instagram_business.graph.accounts import Account, TokenAccounts
    from tap_instagram_business.run import Run

NEEDED = ("instagram_basic", "instagram_manage_insights")
"""Permissions without which a sync fails."""
USEFUL = ("pages_show_list", "pages_read_engagement")
"""Permissions without which no account may be found, unless it is the token of a Page."""
READING = "instagram_basic"
WARN_DAYS = 14
"""How many days before the end of a token a warning is given."""
MAX_NAMED = 5


def sentence(failure: GraphFailure) -> str:
    """Return what has failed and what to do about it, as one sentence."""
    if isinstance(failure, CallError) and failure.rule.remedy:
        return f"{failure}: {failure.rule.remedy}"
    return str(failure)


class Examination:
    """Examines the token of setting `access_token`, or the tokens of a vault."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._session = run.graph
        self._token = run.secrets["access_token"]
        self._costs = Costs()
        self.diagnosis = Diagnosis(login=run.config["login"], api_version=run.config["api_version"])

    def run(self) -> Diagnosis:
        """Examine everything that can be examined; a failure ends it and is its result."""
        seen = self.diagnosis
        if warning := hosts.warning(self._run.config.get("api_url") or ""):
            seen.warnings.append(warning)
        try:
            facts = self._inspect() if self._token and seen.login == "facebook" else None
            if not (facts and facts.error):
                self._look_at(facts)
        except (AccountRateLimited, RateLimited) as stop:
            told = seen.warnings if seen.accounts else seen.problems
            told.append(f"{stop}; the rest was not looked at")
        except GraphFailure as failure:
            seen.problems.append(sentence(failure))
        self._judge_version()
        self._note_costs()
        return seen

    # The token

    def _inspect(self) -> TokenFacts | None:
        """Ask Meta about the token, with a token of the app or with the token itself."""
        refusals = []
        for asked_with in self._askers():
            try:
                facts = debug_token(
                    self._session, self._token, asked_with=asked_with, costs=self._costs
                )
            except CallError as error:
                refusals.append(error)
                continue
            if refusals:
                self._warn_of_app(refusals[0])
            self._note_facts(facts)
            return facts
        if refusals[-1].rule.action is Action.STOP:
            raise refusals[-1]
        self.diagnosis.warnings.append(f"Meta does not tell what the token is ({refusals[-1]})")
        return None

    def _askers(self) -> Iterator[str]:
        if self._run.app.has_credentials:
            yield self._run.app.token
        yield self._token

    def _warn_of_app(self, error: CallError) -> None:
        self.diagnosis.warnings.append(
            f"settings `app_id` and `app_secret` do not fit the token ({error})"
        )

    def _note_facts(self, facts: TokenFacts) -> None:
        seen = self.diagnosis
        seen.is_told = True
        seen.owner_kind, seen.app_id, seen.app_name = facts.kind, facts.app_id, facts.app_name
        seen.expires, seen.data_access_expires = facts.expires, facts.data_access_expires
        seen.scopes = list(facts.scopes)
        if facts.error:
            seen.problems.append(sentence(facts.error))
            return
        self._judge_end(facts.expires, "the token")
        self._judge_end(facts.data_access_expires, "its access to data")

    def _judge_end(self, end: dt.datetime | None, what: str) -> None:
        if end is None:
            return
        now = self._session.now()
        left = (end.date() - now.date()).days
        if end <= now:
            self.diagnosis.problems.append(f"{what} ended on {end:%Y-%m-%d}: {RECONNECT}")
        elif left < WARN_DAYS:
            self.diagnosis.warnings.append(
                f"{what} ends on {end:%Y-%m-%d}, in {left} days: connect the account again before"
            )

    # The accounts

    def _look_at(self, facts: TokenFacts | None) -> None:
        try:
            found = self._run.find_token_accounts()
        except GraphFailure:
            self._judge_scopes()
            raise
        self._note_owner(found)
        if self.diagnosis.scopes is None and found.permissions is not None:
            self.diagnosis.scopes = sorted(found.permissions)
        self._judge_scopes()
        self._note_accounts(found, facts)
        if found.accounts and not set(NEEDED) & set(self.diagnosis.scopes_lacking):
            self._probe(found.accounts)

    def _note_owner(self, found: TokenAccounts) -> None:
        seen = self.diagnosis
        owner = found.owner
        if not self._token:
            seen.owner_kind = "each account's own, in the vault"
        elif seen.login == "instagram":
            seen.owner_kind = "Instagram user"
            own = next(iter(found.accounts), None)
            owner = {"id": own.id, "name": own.node.get("username")} if own else {}
        elif not owner:
            call = Call("me", params={"fields": "id,name"}, token=self._token)
            owner = self._session.answer(call, self._costs).data
        seen.owner_id, seen.owner_name = str(owner.get("id", "")), str(owner.get("name") or "")

    def _judge_scopes(self) -> None:
        seen = self.diagnosis
        if seen.scopes is None or seen.login == "instagram":
            return
        wanted = NEEDED if seen.owner_kind == "page" else NEEDED + USEFUL
        seen.scopes_lacking = [name for name in wanted if name not in seen.scopes]
        if lacking := [name for name in NEEDED if name in seen.scopes_lacking]:
            seen.problems.append(
                f"the token was not granted {' and '.join(lacking)}: grant it to the app and "
                "connect the account again"
            )

    def _note_accounts(self, found: TokenAccounts, facts: TokenFacts | None) -> None:
        seen = self.diagnosis
        seen.accounts = [_readable(account) for account in found.accounts]
        seen.missing = [str(item) for item in found.missing]
        granted = facts.targets.get(READING, ()) if facts else ()
        for account_id, error in found.unread.items():
            left_out = granted and account_id not in granted
            why = "it was not ticked when the token was granted" if left_out else sentence(error)
            seen.problems.append(f"the access token cannot read account {account_id}: {why}")
        if not self._run.config.get("account_ids"):
            known = {account.id for account in found.accounts}
            seen.missing += [
                f"account {account_id}: granted to the token, but not found by its Pages; "
                "setting `account_ids` can name it"
                for account_id in granted
                if account_id not in known
            ]

    # The insights

    def _probe(self, accounts: tuple[Account, ...]) -> None:
        found = find_day_labels(self._session, accounts, self._costs)
        self.diagnosis.day_labels = found.name if found else None
        probes = Probes(self._session, found or DayLabels(), self._costs)
        try:
            failed = probes.unreadable(accounts)
            self._tell_unreadable(accounts, failed)
            readable = [account for account in accounts if account.id not in failed]
            if readable:
                probes.try_all(readable)
        finally:
            self.diagnosis.refused = probes.refused

    def _tell_unreadable(
        self, accounts: Iterable[Account], failed: Mapping[str, CallError]
    ) -> None:
        reasons: dict[str, list[str]] = {}
        for account in accounts:
            if error := failed.get(account.id):
                reason = _task_lacking(account) or sentence(error)
                reasons.setdefault(reason, []).append(account.label)
        for reason, labels in reasons.items():
            more = f" and {len(labels) - MAX_NAMED} more" if len(labels) > MAX_NAMED else ""
            named = ", ".join(labels[:MAX_NAMED])
            self.diagnosis.problems.append(f"no insights of {named}{more}: {reason}")

    def _judge_version(self) -> None:
        seen, today = self.diagnosis, self._session.now().date()
        seen.api_version_ends = versions.end_of(seen.api_version)
        if warning := versions.warning(seen.api_version, today):
            ended = versions.has_ended(seen.api_version, today)
            (seen.problems if ended else seen.warnings).append(warning)

    def _note_costs(self) -> None:
        seen, limits = self.diagnosis, self._session.rate_limits
        seen.usage_percent = limits.highest_percent
        seen.regain_minutes = limits.regain_minutes
        discovery = self._run.discovery_costs
        seen.calls = self._costs.calls + discovery.calls
        seen.round_trips = self._costs.round_trips + discovery.round_trips


def _readable(account: Account) -> ReadableAccount:
    node = account.node
    return ReadableAccount(
        id=account.id,
        username=read_text(node.get("username")) or "",
        followers=account.followers,
        media=read_whole_number(node.get("media_count")),
    )


def _task_lacking(account: Account) -> str:
    tasks = account.page.get("tasks")
    if not tasks or INSIGHTS_TASKS & set(tasks):
        return ""
    return f"the token's owner lacks the task ANALYZE on Page {account.page.get('name')}"
