"""The command `doctor`."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import Any

import click

from tap_instagram_business.doctor.checks import Checks
from tap_instagram_business.settings.checks import misspelt
from tap_instagram_business.tap import TapInstagramBusiness


@click.command()
@click.option("--config", multiple=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def doctor(context: click.Context, config: dict[str, Any], *, as_json: bool) -> None:
    """Check whether a sync would work.

    Shows what the token is, which accounts it gives access to and which metrics Meta refuses today.
    The exit code is 1 if a sync would fail.
    """
    logging.disable(logging.WARNING)  # the screen tells everything else
    context.call_on_close(lambda: logging.disable(logging.NOTSET))
    tap = TapInstagramBusiness(config=config)
    run = tap.this_run
    # Somebody is waiting for the result: a used-up rate limit is reported, not waited for.
    run.config = {**run.config, "on_rate_limit": "stop"}
    with closing(run.graph):
        report = Checks(run, tap.source).run()
    report.warnings += misspelt(tap.config_jsonschema["properties"], tap.config)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=2, default=lambda value: value.isoformat()))
    else:
        click.echo(report.to_text(run.graph.now()))
    context.exit(1 if report.problems else 0)
