"""The `datastore` command: subcommands, error messages and exit statuses.

Slow imports are made when a command runs, so that help and completion are fast.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Annotated, Any

import typer
from typer.completion import shell_complete
from typer.core import TyperGroup
from typer.exceptions import TyperException

from datastore_sdk._version import VERSION
from datastore_sdk.cli.commands.changes import changes
from datastore_sdk.cli.commands.doctor import doctor
from datastore_sdk.cli.commands.drift_spec import spec
from datastore_sdk.cli.commands.drift_traffic import traffic
from datastore_sdk.cli.commands.fields import fields
from datastore_sdk.cli.commands.get import get
from datastore_sdk.cli.commands.mirror import add as mirror_add
from datastore_sdk.cli.commands.mirror import forget, status, verify
from datastore_sdk.cli.commands.mirror import run as mirror_run
from datastore_sdk.cli.commands.pads import pads
from datastore_sdk.cli.commands.plot import plot
from datastore_sdk.cli.commands.recover import recover
from datastore_sdk.cli.commands.sandbox import sandbox
from datastore_sdk.cli.commands.sites import sites
from datastore_sdk.cli.commands.stages import stages
from datastore_sdk.cli.commands.states import states
from datastore_sdk.cli.commands.tail import tail
from datastore_sdk.cli.commands.watch import watch
from datastore_sdk.cli.console import escape_unencodable_text, print_error, printable, result_output
from datastore_sdk.cli.errors import CommandError, explain_errors
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.exceptions import CallError, ConfigurationError, RestreamError
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("cli")

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
    help="Data of Tally's Restream API, and tools for it, for the terminal, scripts and CI.\n\n"
    "Results go to standard output, everything else to standard error.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add_data_commands(*commands: Callable[..., int]) -> None:
    for command in commands:
        app.command(rich_help_panel="Data")(explain_errors(command))


_add_data_commands(pads, sites, states, stages, fields, changes, get, plot, tail, watch, recover)
app.command(rich_help_panel="Tools")(doctor)
drift = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Find differences between the OpenAPI document, the service and the SDK.\n\n"
    "Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.",
)
app.add_typer(drift, name="drift", rich_help_panel="Tools")
drift.command()(spec)
drift.command()(traffic)
mirror = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Keep pads and sites true in a database or lake of yours: new records, and corrections exactly once.",
)
app.add_typer(mirror, name="mirror", rich_help_panel="Tools")
mirror.command("add")(explain_errors(mirror_add))
mirror.command("run")(explain_errors(mirror_run))
mirror.command()(explain_errors(status))
mirror.command()(explain_errors(verify))
mirror.command()(explain_errors(forget))
app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    rich_help_panel="Tools",
)(sandbox)


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
    except CommandError as error:
        print_error(str(error))
        return error.status
    except TyperException as error:
        if message := error.format_message():  # empty if the help was printed
            context = getattr(error, "ctx", None)
            print_error(f"{message} (see {context.command_path if context else PROGRAM} --help)")
    except RestreamError as error:  # of `drift` and `doctor`
        of_call = isinstance(error, CallError | ConfigurationError)
        print_error(str(error) if of_call else printable(str(error)))  # in one line: it may quote a document
    except typer.Abort:
        return ExitStatus.INTERRUPTED
    except SystemExit as end:  # raised by typer for shell completion
        return ExitStatus.COULD_NOT_RUN if end.code else ExitStatus.DONE
    except Exception as error:  # uncaught, it would exit with 1, which means drift
        log.debug("The command failed", exc_info=True)
        print_error(f"unexpected error: {type(error).__name__}: {error} (RESTREAM_LOG=debug logs the traceback)")
    return ExitStatus.COULD_NOT_RUN


def _invoke(arguments: list[str]) -> int:
    match arguments:
        case ["--show-completion", shell]:
            return _show_completion(shell)
        case _:
            status: object = _command()(arguments, prog_name=PROGRAM, standalone_mode=False)
            return int(status) if isinstance(status, int) else 0


@cache
def _command() -> Any:  # the type of a command is private
    """Return the command. Building it takes 40 ms, so it is built once."""
    return typer.main.get_command(app)


def _show_completion(shell: str) -> int:
    """Print the completion script of a shell. The option of typer knows only the current shell."""
    variable = f"_{PROGRAM.upper()}_COMPLETE"
    with redirect_stdout(StringIO()) as script:
        failed = shell_complete(_command(), {}, PROGRAM, variable, f"source_{shell}")
    with result_output():
        typer.echo(script.getvalue().strip(), nl=not failed)
    return ExitStatus.COULD_NOT_RUN if failed else ExitStatus.DONE
