"""Many accounts in many runs: the commands about Meltano's states and its table of runs.

Each shard has a state of its own: `BASE:3-of-16` is the state of shard 3/16, and `BASE` that of a
run without shards. When the number of shards changes, most accounts are in another shard than
before, and without their bookmarks everything would be read again from the start.

An account's bookmarks are taken from the shard to which it belonged and given to the shard to which
it belongs. What a state holds beside the bookmarks of accounts is copied to all new states.
"""

from __future__ import annotations

import functools
import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click

from tap_instagram_business.commands.options import examples
from tap_instagram_business.erasure.meltano_bridge import MeltanoBridge
from tap_instagram_business.sharding import Shard
from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = Any
States = dict[str, Any]
"""States as `meltano state export` prints them: `completed` and `partial` of each, by state id."""

PIPELINE = "tap-instagram-business-to-target-bigquery"
KINDS = ("completed", "partial")
SUFFIX = re.compile(r"(?:|:([1-9][0-9]*)-of-([1-9][0-9]*))")


class WouldLoseBookmarks(CredentialsError):
    """The states cannot be moved without losing a bookmark; nothing was changed."""


def state_id(base: str, shard: Shard) -> str:
    """Return the id of the state of a shard; that of all accounts has no suffix."""
    return base if shard.number == 1 else f"{base}:{shard.index}-of-{shard.number}"


def moved(states: Mapping[str, Json], base: str, number: int) -> States:
    """Return the states that change when the accounts are shared by another number of shards.

    A state that is emptied counts as none. Calling this again with the result changes nothing, and
    a move that was interrupted goes on.

    Args:
        states: all states, by id.
        base: the state id of a run without shards.
        number: the new number of shards.

    Raises:
        WouldLoseBookmarks: bookmarks of one account differ between two states, or stand only in the
            state of a shard to which the account does not belong.
    """
    found = dict(_shards(states, base))
    if {shard.number for shard in found} <= {number}:
        return {}
    emptied = [state_id(base, shard) for shard in found if shard.number != number]
    new: States = {name: {kind: {} for kind in KINDS} for name in emptied}
    for kind in KINDS:
        parts = {shard: kinds[kind] for shard, kinds in found.items()}
        for name, bookmarks in _shared(parts, base, number).items():
            kinds = new.setdefault(name, {kind: {} for kind in KINDS})
            kinds[kind] = {"singer_state": {"bookmarks": bookmarks}}
    return new


def count(states: Mapping[str, Json]) -> int:
    """Return how many bookmarks of accounts some states hold."""
    return sum(
        len(table.get("accounts", {}))
        for state in states.values()
        for kind in KINDS
        for table in _bookmarks(state, kind).values()
    )


def _shards(states: Mapping[str, Json], base: str) -> Iterator[tuple[Shard, dict[str, Json]]]:
    """Yield the bookmarks by kind of each shard that has any."""
    for name in sorted(states):
        match = SUFFIX.fullmatch(name.removeprefix(base)) if name.startswith(base) else None
        if match:
            kinds = {kind: _bookmarks(states[name], kind) for kind in KINDS}
            if any(kinds.values()):
                yield (Shard(int(match[1]), int(match[2])) if match[1] else Shard()), kinds


def _bookmarks(state: Json, kind: str) -> Json:
    singer_state = (state.get(kind) or {}).get("singer_state") or {}
    return singer_state.get("bookmarks") or {}


def _accounts(base: str, parts: Mapping[Shard, Mapping[str, Json]]) -> dict[str, dict[str, Json]]:
    """Return the bookmarks by table and account, from the shards that own the accounts.

    Raises:
        WouldLoseBookmarks: see `moved`.
    """
    owned: dict[str, dict[str, Json]] = {}
    copies: dict[tuple[str, str], str] = {}
    for shard, bookmarks in parts.items():
        name = state_id(base, shard)
        for table, content in bookmarks.items():
            of_table = owned.setdefault(table, {})
            for account_id, kept in content.get("accounts", {}).items():
                if not shard.contains(account_id):
                    copies[table, account_id] = name
                elif of_table.setdefault(account_id, kept) != kept:
                    raise WouldLoseBookmarks(
                        f"State {name} and another one have different bookmarks of account "
                        f"{account_id} in {table}: both a run without shards and runs with shards, "
                        "or runs with two numbers of shards, have read it. Clear the states that "
                        "are out of date with `meltano state clear`"
                    )
    if lost := sorted(key for key in copies if key[1] not in owned[key[0]]):
        table, account_id = lost[0]
        raise WouldLoseBookmarks(
            f"State {copies[lost[0]]} has bookmarks of {len(lost)} tables and accounts that do not "
            f"belong to its shard, such as {table} of account {account_id}, and no other state has "
            "them: give them to the state of their own shard with `meltano state set`"
        )
    return owned


def _shared(parts: Mapping[Shard, Mapping[str, Json]], base: str, number: int) -> States:
    """Return the bookmarks by table of each new state, by state id.

    Every new state gets what the tables keep beside the bookmarks of accounts.
    """
    rest: defaultdict[str, dict[str, Json]] = defaultdict(dict)
    for bookmarks in parts.values():
        for table, content in bookmarks.items():
            rest[table] = {**content, **rest[table]}
    new: States = defaultdict(lambda: {t: {**kept, "accounts": {}} for t, kept in rest.items()})
    # Each account is in many tables: its state is looked up once.
    home = functools.cache(lambda name: state_id(base, Shard.of_account(name, number)))
    for table, accounts in _accounts(base, parts).items():
        for account_id, bookmark in accounts.items():
            new[home(account_id)][table]["accounts"][account_id] = bookmark
    return new


@click.command(
    epilog=examples(
        "meltano --environment=fleet invoke tap-instagram-business reshard-state 16",
        "tap-instagram-business reshard-state 1 --state-id prod:tap-to-target",
    )
)
@click.argument("shards", type=click.IntRange(1, 999_999))
@click.option(
    "--state-id",
    metavar="ID",
    help="State id of a run without shards; the states of shards are named after it.  [default: "
    f"Meltano's environment and `{PIPELINE}`]",
)
def reshard_state(shards: int, state_id: str | None) -> None:
    """Move bookmarks when the number of shards changes.

    Run it before each run of the shards, while no run is active. It does nothing if the number of
    SHARDS is as before. With 1, it moves all bookmarks back to a run without shards.

    It also makes Meltano set up its system database, which fails when many runs start at once.
    """
    with MeltanoBridge.of_current_project() as meltano:
        environment = os.environ.get("MELTANO_ENVIRONMENT")
        if not (state_id or environment):
            raise CredentialsError(
                "Meltano's environment is not known: set MELTANO_ENVIRONMENT, or give --state-id"
            )
        base = state_id or f"{environment}:{PIPELINE}"
        changed = moved(meltano.ask("states"), base, shards)
        meltano.ask("import_states", states=changed)
    click.echo(f"{base}: {count(changed):,} bookmarks moved, now in {shards} shards.", err=True)


@click.command("prune-runs", epilog=examples("tap-instagram-business prune-runs --days 30"))
@click.option(
    "--days",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="Runs that ended more than so many days ago are deleted.",
)
def prune_runs(days: int) -> None:
    """Delete old rows of Meltano's table of runs.

    Meltano keeps the whole state of every run in this table of its system database for ever: a
    thousand accounts need about 270 MB a year. States, from which the next runs continue, are kept
    elsewhere and are not touched.
    """
    with MeltanoBridge.of_current_project() as meltano:
        deleted = meltano.ask("prune", days=days)
    click.echo(f"{deleted:,} runs were deleted.", err=True)
