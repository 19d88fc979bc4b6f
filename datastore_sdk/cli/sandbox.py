"""`datastore sandbox`: an embedded service to try things against."""

from __future__ import annotations

import typer

from datastore_sdk.cli import COULD_NOT_RUN
from datastore_sdk.cli.output import complain


def sandbox(context: typer.Context) -> int:
    """Run a simulated Restream service on this machine, until Ctrl-C.

    It prints the environment variables that lead the SDK to it. `datastore sandbox --help` tells its options. Needs the
    extra `sandbox`: `pip install "restream-datastore-sdk[sandbox]"`.

    For example:

        datastore sandbox --port 8123

        datastore sandbox --now 2025-09-18T12:00:00Z --days 10
    """
    try:
        from datastore_sdk.sandbox.__main__ import main  # its web server is an extra of its own
    except ModuleNotFoundError as error:
        complain(f'the sandbox needs {error.name}: pip install "restream-datastore-sdk[sandbox]"')
        return COULD_NOT_RUN
    try:
        return COULD_NOT_RUN if main(context.args, program=context.command_path) else 0
    except SystemExit as end:  # the sandbox reads its options itself
        return COULD_NOT_RUN if end.code else 0
