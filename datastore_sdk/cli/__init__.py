"""The `datastore` command. Requires the extra `cli`: `pip install "restream-datastore-sdk[cli]"`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from datastore_sdk.cli.exit_status import ExitStatus


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command-line arguments after `datastore`. Default: those of this process.

    Returns:
        The exit status.
    """
    try:
        from datastore_sdk.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in {"rich", "typer", "yaml"}:
            raise
        message = f'the datastore command needs {error.name}: pip install "restream-datastore-sdk[cli]"'
        print(message, file=sys.stderr)  # noqa: T201 - the package that prints messages may be missing
        return ExitStatus.COULD_NOT_RUN
    return run(arguments)
