"""The `datastore` command. Needs the extra `cli`: `pip install "restream-datastore-sdk[cli]"`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COULD_NOT_RUN = 3
"""The exit status of a command that could not do what it was asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: What stands behind `datastore` on the command line. Default: what does so in this process.

    Returns:
        The exit status.
    """
    try:
        from datastore_sdk.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in {"rich", "typer", "yaml"}:
            raise
        message = f'the datastore command needs {error.name}: pip install "restream-datastore-sdk[cli]"'
        print(message, file=sys.stderr)  # noqa: T201 - what would print it is missing
        return COULD_NOT_RUN
    return run(arguments)
