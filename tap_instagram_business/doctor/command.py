"""The command `doctor`."""

from __future__ import annotations

import json
import logging
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from tap_instagram_business.doctor.examination import Examination
from tap_instagram_business.doctor.screen import write
from tap_instagram_business.sdk import ConfigInput
from tap_instagram_business.tap import TapInstagramBusiness

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.option(
    "--config",
    multiple=True,
    help="Configuration file, or ENV for environment variables, which is the default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def doctor(context: click.Context, config: ConfigInput, *, as_json: bool) -> None:
    """Check whether a sync would work.

    Shows what the token is, which accounts it gives access to and which metrics Meta refuses today.
    The exit code is 1 if a sync would fail.
    """
    given = _merged(context.parent, config)
    with _quiet():
        tap = TapInstagramBusiness(config=given.config, parse_env_config=given.parse_env)
        # Somebody is waiting for the result: a used-up rate limit is reported, not waited for.
        run = tap.new_run(on_rate_limit="stop")
        with closing(run.graph):
            diagnosis = Examination(run).run()
        diagnosis.source = tap.source
        diagnosis.warnings += tap.misspelt_settings(tap.config)
    if as_json:
        click.echo(json.dumps(diagnosis.to_json(), indent=2))
    else:
        click.echo(write(diagnosis, run.graph.now()))
    context.exit(1 if diagnosis.problems else 0)


def _merged(parent: click.Context | None, own: ConfigInput) -> ConfigInput:
    """Add settings that are given before the command, which is where Meltano puts them."""
    outer = parent.params.get("config") if parent else None
    before = outer if isinstance(outer, ConfigInput) else ConfigInput()
    config = {**before.config, **own.config}
    return ConfigInput(config, parse_env=before.parse_env or own.parse_env or not config)


@contextmanager
def _quiet() -> Iterator[None]:
    """Log errors only: the screen tells everything else."""
    logger = logging.getLogger(TapInstagramBusiness.name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
