"""`datastore sandbox`: run the embedded service."""

from __future__ import annotations

import typer

from datastore_sdk.cli.console import print_error
from datastore_sdk.cli.exit_status import ExitStatus


def sandbox(context: typer.Context) -> int:
    """Run a simulated Restream service on this machine, until Ctrl-C.

    It prints the environment variables that make the SDK use it. `datastore sandbox --help` lists the options. Requires
    the extra `sandbox`: `pip install "restream-datastore-sdk[sandbox]"`.

    For example:

        datastore sandbox --port 8123

        datastore sandbox --now 2025-09-18T12:00:00Z --days 10
    """
    try:
        from datastore_sdk.sandbox.__main__ import main  # it needs the extra `sandbox`
    except ModuleNotFoundError as error:
        print_error(f'the sandbox needs {error.name}: pip install "restream-datastore-sdk[sandbox]"')
        return ExitStatus.COULD_NOT_RUN
    try:
        return ExitStatus.COULD_NOT_RUN if main(context.args, program=context.command_path) else ExitStatus.DONE
    except SystemExit as end:  # the sandbox parses its options itself
        return ExitStatus.COULD_NOT_RUN if end.code else ExitStatus.DONE
