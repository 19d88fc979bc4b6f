"""The command with its subcommands, and what it does when something goes wrong."""

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
from datastore_sdk.cli import COULD_NOT_RUN
from datastore_sdk.cli.doctor import doctor
from datastore_sdk.cli.drift_spec import spec
from datastore_sdk.cli.drift_traffic import traffic
from datastore_sdk.cli.output import complain, results, take_any_text
from datastore_sdk.cli.rendering import printable
from datastore_sdk.cli.sandbox import sandbox
from datastore_sdk.drift import DriftError
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("cli")

INTERRUPTED = 130
"""The exit status after Ctrl-C, by the shells' custom."""

PROGRAM = "datastore"


class Commands(TyperGroup):
    """Commands of which one must be named: where none is, the help is no result, and goes to standard error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # the type of a context is private
        """Reads the arguments."""
        if args:
            return super().parse_args(ctx, args)
        with redirect_stdout(sys.stderr):
            return super().parse_args(ctx, args)


app = typer.Typer(
    name=PROGRAM,
    cls=Commands,
    help="Tools for Tally's Restream API, to use in a terminal and in CI.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
drift = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Tell where the contract, the service and the SDK have drifted apart.\n\n"
    "Exit status: **0** no drift, **1** drift, **2** drift that breaks programs, **3** the check could not be made.",
)
app.add_typer(drift, name="drift")
drift.command()(spec)
drift.command()(traffic)
app.command()(doctor)
app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(sandbox)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What holds for all commands."""


def run(arguments: Sequence[str] | None) -> int:
    """Runs the command; see `datastore_sdk.cli.main`."""
    take_any_text()
    try:
        return _carried_out([*(sys.argv[1:] if arguments is None else arguments)])
    except TyperException as error:
        if message := error.format_message():  # there is none where the help was shown instead
            complain(f"{message} (datastore --help tells more)")
    except DriftError as error:
        complain(printable(str(error)))  # in one line: it can quote a document
    except RestreamError as error:
        complain(str(error))
    except typer.Abort:
        return INTERRUPTED
    except SystemExit as end:  # by typer itself, at completion
        return COULD_NOT_RUN if end.code else 0
    except Exception as error:  # Python would exit with 1, which stands for drift
        log.debug("The command failed", exc_info=True)
        complain(f"this should not have happened: {type(error).__name__}: {error} (RESTREAM_LOG=debug tells more)")
    return COULD_NOT_RUN


def _carried_out(arguments: list[str]) -> int:
    match arguments:
        case ["--show-completion", shell]:
            return _show_completion(shell)
        case _:
            status: object = app(arguments, prog_name=PROGRAM, standalone_mode=False)
            return int(status) if isinstance(status, int) else 0


def _show_completion(shell: str) -> int:
    """Prints the script of a shell that is named; typer's own option knows only the one around, and names none."""
    commands, variable = typer.main.get_command(app), f"_{PROGRAM.upper()}_COMPLETE"
    with redirect_stdout(StringIO()) as script:
        failed = shell_complete(commands, {}, PROGRAM, variable, f"source_{shell}")
    with results():
        typer.echo(script.getvalue().strip(), nl=not failed)
    return COULD_NOT_RUN if failed else 0
