"""What one can type: the Singer flags, and the commands beside them."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._util import load_json
from singer_sdk.plugin_base import _ConfigInput
from typing_extensions import override

from tap_instagram_business.graph.errors import GraphError, GraphFailure
from tap_instagram_business.tap import TapInstagramBusiness

if TYPE_CHECKING:
    from typing import IO

COMMANDS = {"sandbox": "tap_instagram_business.sandbox.commands:sandbox"}
"""Commands by name, imported only when they are typed."""


class CommandLine(click.Group):
    """The tap without a command, and commands; trouble is one sentence and exit code 1."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    @override
    def main(self, *args: Any, **options: Any) -> Any:
        try:
            return super().main(*args, **options)
        except ConfigValidationError as error:
            fail(" ".join(error.errors))
        except GraphError as error:
            remedy = f": {error.rule.remedy}" if error.rule.remedy else ""
            fail(f"{error}{remedy}")
        except GraphFailure as error:
            fail(str(error))
        except BrokenPipeError:
            fail("What read the tap's messages has ended: look at the loader's output above")


def fail(sentence: str) -> NoReturn:
    """End with one sentence and exit code 1."""
    TapInstagramBusiness.logger.critical("%s.", sentence.rstrip(".").strip())
    sys.exit(1)


def sync(
    *,
    about: bool = False,
    about_format: str | None = None,
    config: _ConfigInput | None = None,
    state: IO[str] | None = None,
    catalog: IO[str] | None = None,
) -> None:
    """Run the tap, or say what it is."""
    context = click.get_current_context(silent=True)
    if context and context.invoked_subcommand:
        return
    if about:
        TapInstagramBusiness.print_about(about_format)
        return
    given = config or _ConfigInput()
    TapInstagramBusiness(
        config=given.config,
        state=load_json(state.read()) if state else None,
        catalog=load_json(catalog.read()) if catalog else None,
        parse_env_config=given.parse_env,
    ).run()


def command_line() -> CommandLine:
    """Return the Singer command of the SDK with the other commands beside it."""
    singer = TapInstagramBusiness.cli
    return CommandLine(
        name=singer.name,
        help=TapInstagramBusiness.__doc__,
        params=singer.params,
        callback=sync,
        invoke_without_command=True,
    )


def main() -> None:
    """Entry point of `tap-instagram-business`."""
    command_line()()
