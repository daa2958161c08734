"""The command line: the Singer options, and the commands beside them."""

from __future__ import annotations

import errno
import importlib
import io
import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.singerlib import Catalog
from typing_extensions import override

from tap_instagram_business import redaction
from tap_instagram_business.graph.errors import GraphFailure
from tap_instagram_business.redaction import mask_typed
from tap_instagram_business.settings.checks import misspelt
from tap_instagram_business.settings.reading import read_environment
from tap_instagram_business.state import is_state
from tap_instagram_business.tap import TapInstagramBusiness
from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from typing import IO

COMMANDS = {
    "connect": "connect",
    "disconnect": "accounts",
    "doctor": "doctor",
    "encrypt": "encryption",
    "erase": "erase",
    "generate-key": "encryption",
    "list-accounts": "accounts",
    "prune-runs": "fleet",
    "refresh-tokens": "accounts",
    "reshard-state": "fleet",
    "rotate-keys": "encryption",
    "verify-signed-request": "erase",
}
"""The module of `commands` that holds each command; it is imported only when it is used."""

CONFIG = "tap_instagram_business.config"
"""The name under which a click context keeps the config files of the commands around it."""
CONFIG_HELP = (
    "Configuration file, or ENV for environment variables, which is the default. May be given "
    "several times."
)

OF_THE_DISK = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPERM, errno.EROFS}
)
"""Errors of the operating system that are the disk's or the folder's and not the program's."""


class CommandLine(click.Group):
    """Runs the tap or a command; an error is told in one sentence, with exit code 1."""

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tap_instagram_business.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return with_settings(command)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            click.echo(nl=False)  # which flushes
        except BrokenPipeError:  # which click's own main would pass over in silence
            discard_output()
            fail("The target ended early: see its output above")
        return result

    @override
    def main(self, *args: Any, **options: Any) -> Any:
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except click.ClickException as error:
            show(error)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Aborted!", err=True)
            sys.exit(1)
        except GraphFailure as error:
            fail(error.sentence)
        except (ConfigValidationError, CredentialsError) as error:
            fail(str(error))
        except OSError as error:
            if error.errno not in OF_THE_DISK:
                raise
            fail_at_disk(error)
        sys.exit(code if isinstance(code, int) else 0)


def fail_at_disk(error: OSError) -> NoReturn:
    """Log which file, or the output, cannot be written, and end with exit code 1."""
    what = f"{error.filename} cannot be used"
    if not error.filename:
        discard_output()
        what = "The output cannot be written"
    fail(f"{what} ({error.strerror}): free space, or check the folder's rights")


def discard_output() -> None:
    """Discard what standard output still holds, which Python would fail to write at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(error: click.ClickException) -> None:
    """Print an error of the command line, without what the user may have typed by mistake."""
    text = io.StringIO()
    error.show(file=text)
    shown = redaction.clean(mask_typed(text.getvalue()), keep=redaction.LINE_BREAKS)
    click.echo(shown, err=True, nl=False)


def fail(sentence: str) -> NoReturn:
    """Log one sentence and end with exit code 1."""
    TapInstagramBusiness.logger.critical("%s.", sentence.rstrip(".").strip())
    sys.exit(1)


def sync(  # noqa: PLR0913
    *,
    config: dict[str, Any],
    discover: bool = False,
    test: str = "disabled",
    about: bool = False,
    about_format: str | None = None,
    state: IO[str] | None = None,
    catalog: IO[str] | None = None,
) -> None:
    """Run the tap, or describe it."""
    command = click.get_current_context().invoked_subcommand
    if about:
        TapInstagramBusiness.print_about(about_format)
    elif discover:
        TapInstagramBusiness(validate_config=False, setup_mapper=False).run_discovery()
    elif not command:
        tap = TapInstagramBusiness(
            config=config,
            state=read_state(state) if state else None,
            catalog=read_catalog(catalog) if catalog else None,
        )
        if test == "schema":
            tap.announce()
        else:
            tap.run(max_rows=1 if test == "all" else None)
    elif command != "doctor":  # which shows them on its screen
        for sentence in misspelt(TapInstagramBusiness.config_jsonschema["properties"], config):
            TapInstagramBusiness.logger.warning("%s", sentence)


def read_json(file: IO[str]) -> dict[str, Any]:
    """Read a JSON object, or end with a sentence that names the file but shows no content."""
    try:
        content = json.load(file, parse_float=Decimal)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        fail(f"{file.name} does not hold a JSON object: correct it, or leave the option out")
    return content


def read_state(file: IO[str]) -> dict[str, Any]:
    """Read a state, or end with a sentence that names the file."""
    content = read_json(file)
    if not is_state(content):
        fail(f"{file.name} is not a state of this tap: correct it, or leave the option out")
    return content


def read_catalog(file: IO[str]) -> dict[str, Any]:
    """Read a catalog, or end with a sentence that names the file."""
    content = read_json(file)
    try:
        Catalog.from_dict({"streams": content["streams"]})
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        fail(f"{file.name} is not a Singer catalog: make a new one with --discover")
    return content


def read_config(
    context: click.Context, _option: click.Parameter, paths: tuple[str, ...]
) -> dict[str, Any]:
    """Merge config files, later ones over earlier ones, with those given before a command.

    The environment wins over them; it is read if `ENV` is among the paths, or if there are none.
    """
    config: dict[str, Any]
    config, paths_before = context.meta.get(CONFIG, ({}, ()))
    for path in paths:
        if path == "ENV":
            continue
        try:
            with Path(path).open(encoding="utf-8") as file:
                config = {**config, **read_json(file)}
        except OSError as error:
            fail(f"{path} cannot be read ({error.strerror}): check option --config")
    paths = (*paths_before, *paths)
    context.meta[CONFIG] = config, paths
    if paths and "ENV" not in paths:
        return config
    return config | read_environment(TapInstagramBusiness.config_jsonschema["properties"])


def with_settings(command: click.Command) -> click.Command:
    """Let option --config of a command return the settings, and `sync` do what the SDK's would."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name == "config":
            option.callback, option.help = read_config, CONFIG_HELP
        elif option.name in {"discover", "test"}:
            option.callback, option.expose_value = None, True
    return command


def command_line() -> CommandLine:
    """Return the Singer command of the SDK with the other commands beside it."""
    singer = with_settings(TapInstagramBusiness.cli)
    return CommandLine(
        name=singer.name,
        help=TapInstagramBusiness.__doc__,
        commands=dict.fromkeys(COMMANDS, singer),
        params=singer.params,
        callback=sync,
        invoke_without_command=True,
    )


def main() -> None:
    """Entry point of `tap-instagram-business`."""
    redaction.install()
    command_line()()
