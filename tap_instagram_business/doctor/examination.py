"""Asks Meta what a token is and what it reaches, the cheapest question first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.doctor.diagnosis import Diagnosis, Reached
from tap_instagram_business.doctor.probes import Probes
from tap_instagram_business.graph import versions
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.debug_token import TokenFacts, debug_token
from tap_instagram_business.graph.discovery import INSIGHTS_TASKS
from tap_instagram_business.graph.errors import (
    RECONNECT,
    AccountRateLimited,
    Action,
    GraphError,
    GraphFailure,
    RateLimited,
)
from tap_instagram_business.graph.transport import Costs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from tap_instagram_business.graph.accounts import Account, Reach
    from tap_instagram_business.tap import TapInstagramBusiness

NEEDED = ("instagram_basic", "instagram_manage_insights")
"""Permissions without which a sync fails."""
USEFUL = ("pages_show_list", "pages_read_engagement")
"""Permissions without which a token that is not a Page's may find no account."""
READING = "instagram_basic"
WARN_DAYS = 14
"""How long before its end a token is warned of."""
MOST_NAMED = 5


def sentence(failure: GraphFailure) -> str:
    """Say what has failed and what to do about it."""
    if isinstance(failure, GraphError) and failure.rule.remedy:
        return f"{failure}: {failure.rule.remedy}"
    return str(failure)


class Examination:
    """Looks at the one token that a tap is set up with, or at what a vault's tokens reach."""

    def __init__(self, tap: TapInstagramBusiness) -> None:
        self._tap = tap
        self._session = tap.graph
        # Somebody is waiting for the answer: a used-up allowance is told, not waited for.
        self._session.allowance.on_rate_limit = "stop"
        self._token = tap.secrets["access_token"]
        self._costs = Costs()
        self.diagnosis = Diagnosis(login=tap.config["login"], api_version=tap.config["api_version"])

    def run(self) -> Diagnosis:
        """Look at everything that can be looked at; a failure ends it, and is its result."""
        seen = self.diagnosis
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
        """Ask Meta what the token is, in the app's name or in its own."""
        refusals = []
        for asked_with in self._askers():
            try:
                facts = debug_token(
                    self._session, self._token, asked_with=asked_with, costs=self._costs
                )
            except GraphError as error:
                refusals.append(error)
                continue
            if refusals:
                self._warn_of_app(refusals[0])
            self._take_facts(facts)
            return facts
        if refusals[-1].rule.action is Action.STOP:
            raise refusals[-1]
        self.diagnosis.warnings.append(f"Meta does not tell what the token is ({refusals[-1]})")
        return None

    def _askers(self) -> Iterator[str]:
        if self._tap.app.known:
            yield self._tap.app.token
        yield self._token

    def _warn_of_app(self, error: GraphError) -> None:
        self.diagnosis.warnings.append(
            f"settings `app_id` and `app_secret` do not fit the token ({error})"
        )

    def _take_facts(self, facts: TokenFacts) -> None:
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

    # What it reaches

    def _look_at(self, facts: TokenFacts | None) -> None:
        try:
            reached = self._tap.reach
        except GraphFailure:
            self._judge_scopes()
            raise
        self._take_owner(reached)
        if self.diagnosis.scopes is None and reached.permissions is not None:
            self.diagnosis.scopes = sorted(reached.permissions)
        self._judge_scopes()
        self._take_accounts(reached, facts)
        if reached.accounts and not set(NEEDED) & set(self.diagnosis.scopes_lacking):
            self._probe(reached.accounts)

    def _take_owner(self, reached: Reach) -> None:
        seen = self.diagnosis
        owner = reached.owner
        if not self._token:
            seen.owner_kind = "each account's own, in the vault"
        elif seen.login == "instagram":
            seen.owner_kind = "Instagram user"
            own = next(iter(reached.accounts), None)
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

    def _take_accounts(self, reached: Reach, facts: TokenFacts | None) -> None:
        seen = self.diagnosis
        seen.accounts = [_reached(account) for account in reached.accounts]
        seen.missing = [str(item) for item in reached.missing]
        granted = facts.targets.get(READING, ()) if facts else ()
        for account_id, error in reached.unread.items():
            left_out = granted and account_id not in granted
            why = "it was not ticked when the token was granted" if left_out else sentence(error)
            seen.problems.append(f"the access token cannot read account {account_id}: {why}")
        if not self._tap.config.get("account_ids"):
            known = {account.id for account in reached.accounts}
            seen.missing += [
                f"account {account_id}: granted to the token, but not found by its Pages; "
                "setting `account_ids` can name it"
                for account_id in granted
                if account_id not in known
            ]

    # What that gives

    def _probe(self, accounts: tuple[Account, ...]) -> None:
        probes = Probes(self._session, self._costs)
        try:
            failed = probes.unreadable(accounts)
            self._tell_unreadable(accounts, failed)
            readable = [account for account in accounts if account.id not in failed]
            if readable:
                probes.try_all(readable)
        finally:
            self.diagnosis.refused = probes.refused

    def _tell_unreadable(
        self, accounts: Iterable[Account], failed: Mapping[str, GraphError]
    ) -> None:
        reasons: dict[str, list[str]] = {}
        for account in accounts:
            if error := failed.get(account.id):
                reason = _task_lacking(account) or sentence(error)
                reasons.setdefault(reason, []).append(account.label)
        for reason, labels in reasons.items():
            more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
            named = ", ".join(labels[:MOST_NAMED])
            self.diagnosis.problems.append(f"no insights of {named}{more}: {reason}")

    def _judge_version(self) -> None:
        seen, today = self.diagnosis, self._session.now().date()
        seen.api_version_ends = versions.end_of(seen.api_version)
        if warning := versions.warning(seen.api_version, today):
            ended = versions.has_ended(seen.api_version, today)
            (seen.problems if ended else seen.warnings).append(warning)

    def _note_costs(self) -> None:
        seen, allowance = self.diagnosis, self._session.allowance
        seen.usage_percent = allowance.highest_percent
        seen.regain_minutes = allowance.regain_minutes
        discovery = self._tap.discovery_costs
        seen.calls = self._costs.calls + discovery.calls
        seen.round_trips = self._costs.round_trips + discovery.round_trips


def _reached(account: Account) -> Reached:
    node = account.node
    return Reached(
        id=account.id,
        username=str(node.get("username") or ""),
        followers=node.get("followers_count"),
        media=node.get("media_count"),
    )


def _task_lacking(account: Account) -> str:
    tasks = account.page.get("tasks")
    if not tasks or INSIGHTS_TASKS & set(tasks):
        return ""
    return f"the token's owner lacks the task ANALYZE on Page {account.page.get('name')}"
