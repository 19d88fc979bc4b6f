"""The command with its subcommands, and what it does when something goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from datastore_sdk.cli import COULD_NOT_RUN
from datastore_sdk.cli.doctor import doctor
from datastore_sdk.cli.drift_spec import spec
from datastore_sdk.cli.drift_traffic import traffic
from datastore_sdk.cli.output import complain
from datastore_sdk.cli.sandbox import sandbox
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.version import VERSION

INTERRUPTED = 130
"""The exit status after Ctrl-C, by the shells' custom."""

app = typer.Typer(
    name="datastore",
    help="Tools for Tally's Restream API, to use in a terminal and in CI.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
drift = typer.Typer(
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
    try:
        status: object = app(arguments, prog_name="datastore", standalone_mode=False)
    except TyperException as error:
        if message := error.format_message():  # there is none where the help was shown instead
            complain(f"{message} (datastore --help tells more)")
        return COULD_NOT_RUN
    except RestreamError as error:
        complain(str(error))
        return COULD_NOT_RUN
    except typer.Abort:
        return INTERRUPTED
    except SystemExit as end:  # by typer itself, at completion
        return COULD_NOT_RUN if end.code else 0
    return int(status) if isinstance(status, int) else 0
