"""The `datastore` command: subcommands, error messages and exit statuses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Annotated, Any

import typer
from typer.completion import shell_complete
from typer.core import TyperGroup
from typer.exceptions import TyperException

from datastore_sdk._version import VERSION
from datastore_sdk.cli.doctor import doctor
from datastore_sdk.cli.drift_spec import spec
from datastore_sdk.cli.drift_traffic import traffic
from datastore_sdk.cli.exit_status import COULD_NOT_RUN
from datastore_sdk.cli.mirror import add as mirror_add
from datastore_sdk.cli.mirror import forget, status, verify
from datastore_sdk.cli.mirror import run as mirror_run
from datastore_sdk.cli.output import escape_unencodable_text, print_error, result_output
from datastore_sdk.cli.rendering import printable
from datastore_sdk.cli.sandbox import sandbox
from datastore_sdk.drift import DriftError
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("cli")

INTERRUPTED = 130
"""Exit status after Ctrl-C, as in shells: 128 + SIGINT."""

PROGRAM = "datastore"


class CommandGroup(TyperGroup):
    """Command group. Without a subcommand it prints the help to standard error, since that is a usage error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # the type of a context is private
        """Parse the arguments."""
        if args:
            return super().parse_args(ctx, args)
        with redirect_stdout(sys.stderr):
            return super().parse_args(ctx, args)


app = typer.Typer(
    name=PROGRAM,
    cls=CommandGroup,
    help="Tools for Tally's Restream API, for the terminal and CI.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
drift = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Find differences between the OpenAPI document, the service and the SDK.\n\n"
    "Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.",
)
app.add_typer(drift, name="drift")
drift.command()(spec)
drift.command()(traffic)
mirror = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Keep pads and sites true in a database or lake of yours: new records, and corrections exactly once.",
)
app.add_typer(mirror, name="mirror")
mirror.command("add")(mirror_add)
mirror.command("run")(mirror_run)
mirror.command()(status)
mirror.command()(verify)
mirror.command()(forget)
app.command()(doctor)
app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(sandbox)


def _version(is_set: bool) -> None:
    if is_set:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of all commands."""


def run(arguments: Sequence[str] | None) -> int:
    """Run the command; see `datastore_sdk.cli.main`."""
    escape_unencodable_text()
    try:
        return _invoke([*(sys.argv[1:] if arguments is None else arguments)])
    except TyperException as error:
        if message := error.format_message():  # empty if the help was printed
            print_error(f"{message} (see datastore --help)")
    except DriftError as error:
        print_error(printable(str(error)))  # in one line: it may quote a document
    except RestreamError as error:
        print_error(str(error))
    except typer.Abort:
        return INTERRUPTED
    except SystemExit as end:  # raised by typer for shell completion
        return COULD_NOT_RUN if end.code else 0
    except Exception as error:  # uncaught, it would exit with 1, which means drift
        log.debug("The command failed", exc_info=True)
        print_error(f"unexpected error: {type(error).__name__}: {error} (RESTREAM_LOG=debug logs the traceback)")
    return COULD_NOT_RUN


def _invoke(arguments: list[str]) -> int:
    match arguments:
        case ["--show-completion", shell]:
            return _show_completion(shell)
        case _:
            status: object = app(arguments, prog_name=PROGRAM, standalone_mode=False)
            return int(status) if isinstance(status, int) else 0


def _show_completion(shell: str) -> int:
    """Print the completion script of a shell. The option of typer knows only the current shell."""
    commands, variable = typer.main.get_command(app), f"_{PROGRAM.upper()}_COMPLETE"
    with redirect_stdout(StringIO()) as script:
        failed = shell_complete(commands, {}, PROGRAM, variable, f"source_{shell}")
    with result_output():
        typer.echo(script.getvalue().strip(), nl=not failed)
    return COULD_NOT_RUN if failed else 0
