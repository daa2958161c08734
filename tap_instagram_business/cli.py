"""The command line: the Singer options, and the commands beside them."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.singerlib import Catalog
from typing_extensions import override

from tap_instagram_business import redaction
from tap_instagram_business.graph.errors import CallError, GraphFailure
from tap_instagram_business.redaction import mask_typed
from tap_instagram_business.sdk import ConfigInput, load_json
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
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            nearest = get_close_matches(cmd_name, COMMANDS, 1)
            meant = f"Did you mean {nearest[0]!r}?" if nearest else "--help lists the commands."
            ctx.fail(f"No such command {cmd_name!r}. {meant}")
        module = importlib.import_module(f"tap_instagram_business.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return with_config_files(command)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            click.echo(nl=False)  # which flushes
        except BrokenPipeError:  # which click's own main would pass over in silence
            discard_output()
            fail("What read the tap's messages has ended: look at the loader's output above")
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
        except ConfigValidationError as error:
            fail(" ".join(error.errors))
        except CallError as error:
            remedy = f": {error.rule.remedy}" if error.rule.remedy else ""
            fail(f"{error}{remedy}")
        except (GraphFailure, CredentialsError) as error:
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


def sync(
    *,
    about: bool = False,
    about_format: str | None = None,
    config: ConfigInput | None = None,
    state: IO[str] | None = None,
    catalog: IO[str] | None = None,
) -> None:
    """Run the tap, or describe it."""
    context = click.get_current_context(silent=True)
    given = config or ConfigInput()
    if context and context.invoked_subcommand:
        if context.invoked_subcommand != "doctor":  # which shows them on its screen
            for sentence in TapInstagramBusiness.misspelt_settings(given.config):
                TapInstagramBusiness.logger.warning("%s", sentence)
        return
    if about:
        TapInstagramBusiness.print_about(about_format)
        return
    TapInstagramBusiness(
        config=given.config,
        state=read_state(state) if state else None,
        catalog=read_catalog(catalog) if catalog else None,
        parse_env_config=given.parse_env,
    ).run()


def read_json(file: IO[str]) -> dict[str, Any]:
    """Read a JSON object, or end with a sentence that names the file but shows no content."""
    try:
        content = load_json(file.read())
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
) -> ConfigInput:
    """Merge config files, later ones over earlier ones, with those given before a command.

    The environment is read too if `ENV` is among the paths, or if there are none.
    """
    config: dict[str, Any] = {}
    for path in paths:
        if path == "ENV":
            continue
        try:
            with Path(path).open(encoding="utf-8") as file:
                config |= read_json(file)
        except OSError as error:
            fail(f"{path} cannot be read ({error.strerror}): check option --config")
    config_before, paths_before = context.meta.get(CONFIG, ({}, ()))
    config, paths = {**config_before, **config}, (*paths_before, *paths)
    context.meta[CONFIG] = config, paths
    return ConfigInput(config=config, parse_env="ENV" in paths or not paths)


def with_config_files(command: click.Command) -> click.Command:
    """Let option --config of a command, if it has one, return the content of the files."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name == "config":
            option.callback, option.help = read_config, CONFIG_HELP
    return command


def command_line() -> CommandLine:
    """Return the Singer command of the SDK with the other commands beside it."""
    singer = with_config_files(TapInstagramBusiness.cli)
    return CommandLine(
        name=singer.name,
        help=TapInstagramBusiness.__doc__,
        params=singer.params,
        callback=sync,
        invoke_without_command=True,
    )


def main() -> None:
    """Entry point of `tap-instagram-business`."""
    redaction.install()
    command_line()()
