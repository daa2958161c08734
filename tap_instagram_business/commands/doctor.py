"""The command `doctor`."""

from __future__ import annotations

import json
import logging
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from tap_instagram_business.doctor.checks import Checks
from tap_instagram_business.settings.checks import misspelt
from tap_instagram_business.tap import TapInstagramBusiness

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.option("--config", multiple=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def doctor(context: click.Context, config: dict[str, Any], *, as_json: bool) -> None:
    """Check whether a sync would work.

    Shows what the token is, which accounts it gives access to and which metrics Meta refuses today.
    The exit code is 1 if a sync would fail.
    """
    with _quiet():
        tap = TapInstagramBusiness(config=config)
        # Somebody is waiting for the result: a used-up rate limit is reported, not waited for.
        run = tap.new_run(on_rate_limit="stop")
        with closing(run.graph):
            report = Checks(run).run()
        report.source = tap.source
        report.warnings += misspelt(tap.config_jsonschema["properties"], tap.config)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=2))
    else:
        click.echo(report.to_text(run.graph.now()))
    context.exit(1 if report.problems else 0)


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
