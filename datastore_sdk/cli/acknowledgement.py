"""Acknowledge data changes, after their records were saved."""

from __future__ import annotations

from collections.abc import Sequence

from datastore_sdk import DataChange
from datastore_sdk.cli.console import print_message
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus


def acknowledge_changes(changes: Sequence[DataChange]) -> None:
    """Acknowledge changes, and say how many.

    Raises:
        CommandError: The service still lists some as open.
    """
    still_open: list[int] = []
    done = 0
    try:
        for change in changes:
            if change.confirm_data_received():
                done += 1
            else:
                still_open.append(change.id)
    finally:
        print_message(f"acknowledged {done} of {len(changes)} changes")
    if still_open:
        raise CommandError(
            f"the service still lists as open: {', '.join(map(str, still_open))}; the file is complete: run the "
            "command again with --overwrite",
            ExitStatus.SERVICE_FAILED,
        )
