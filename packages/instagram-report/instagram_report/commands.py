"""The command `instagram-report`: the page, and links for Data Studio."""

from __future__ import annotations

import datetime as dt
import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instagram_report.errors import ReportError
from instagram_report.links import link_of_all, links

if TYPE_CHECKING:
    from collections.abc import Callable


def dataset_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where the views are."""
    command = click.option(
        "--dataset",
        envvar="INSTAGRAM_REPORTS_DATASET",
        default="instagram_reports",
        show_default=True,
        show_envvar=True,
        help="Dataset of the views.",
    )(command)
    return click.option(
        "--project",
        envvar="TARGET_BIGQUERY_PROJECT",
        required=True,
        show_envvar=True,
        help="Google Cloud project of the dataset.",
    )(command)


@click.group()
def report() -> None:
    """Reports on Instagram accounts from the views of the dbt package instagram_reports."""


@report.command(name="page")
@dataset_options
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("instagram-report.html"),
    show_default=True,
    help="File of the page.",
)
@click.option(
    "--days",
    type=click.IntRange(14, 730),
    default=90,
    show_default=True,
    help="Number of days that the charts go back.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser, if there is one.")
def make_page(*, project: str, dataset: str, output: Path, days: int, opens: bool) -> None:
    """Make the report as one HTML file that needs no internet.

    It contains the numbers of all accounts: whoever has the file can read them.
    """
    # Links need none of these, and they take a second to import.
    from instagram_report.account import describe_all  # noqa: PLC0415
    from instagram_report.page import page  # noqa: PLC0415
    from instagram_report.views import client, read_views  # noqa: PLC0415

    try:
        rows = read_views(client(project), dataset, days)
    except ReportError as error:
        raise click.ClickException(str(error)) from None
    output.write_text(page(describe_all(rows), dt.datetime.now(dt.timezone.utc)), "utf-8")
    click.echo(f"The report is in {output.absolute()}")
    if opens and has_screen() and not webbrowser.open(output.absolute().as_uri()):
        click.echo("There is no browser on this machine that could open it.")


def has_screen() -> bool:
    """Return whether a browser could show something: a text browser would take the terminal."""
    is_unix_desktop = sys.platform not in {"darwin", "win32"}
    return not is_unix_desktop or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


@report.command(name="links")
@dataset_options
@click.option(
    "--billing-project",
    help="Google Cloud project that pays for the queries.  [default: the project of the dataset]",
)
def print_links(*, project: str, dataset: str, billing_project: str | None) -> None:
    """Print links that open a new report in Data Studio with the views as its sources."""
    pays = billing_project or project
    click.echo("A report with all views:")
    click.echo(link_of_all(project, dataset, pays))
    for view, link in links(project, dataset, pays).items():
        click.echo(f"\n{view}:\n{link}")
