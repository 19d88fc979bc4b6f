"""Save or stream the records of a command, and say how to continue after an interruption."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from datastore_sdk import Client, Data, Progress
from datastore_sdk.cli.console import get_stdout, print_message
from datastore_sdk.cli.errors import CommandError, to_command_error
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.signals import Interruption
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.progress_display import open_display
from datastore_sdk.data.saving.files import validate_target
from datastore_sdk.data.saving.resumable import find_journal
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.records import stream_batches
from datastore_sdk.data.writers.ndjson_writer import NdjsonWriter
from datastore_sdk.data.writers.registry import find_writer
from datastore_sdk.exceptions import CallError


def validate_output(path: str, *, overwrite: bool, validate: Callable[[Path], object] = find_writer) -> Path:
    """Return the path of a file that can be written. No request was made before.

    Args:
        path: The path.
        overwrite: Whether the file may exist.
        validate: Raises if files of this suffix cannot be written. Default: of records.

    Raises:
        CommandError: The file exists, and `overwrite` is False.
        ImportError: The format needs an extra that is not installed.
        OSError: The path is invalid.
        ValueError: No format has this suffix.
    """
    target = validate_target(path, overwrite=True)
    if target.exists() and not overwrite:
        raise CommandError(
            f"{target} exists already; add --overwrite to replace it, or pass another name", ExitStatus.NOT_WRITTEN
        )
    validate(target)
    return target


def validate_no_partial(target: Path) -> None:
    """Raise `CommandError` if an interrupted download to the file can be resumed, so that it is not lost by mistake."""
    if partial := find_journal(target):
        raise CommandError(
            f"{partial} is left from an interrupted download; add --resume to continue it, or delete it",
            ExitStatus.NOT_WRITTEN,
        )


def save_data(
    data: Data, target: Path, *, overwrite: bool, quiet: bool, coverage: bool = False, continue_with: str = ""
) -> Progress:
    """Save records to a file, with progress on standard error, and return the last progress.

    If it fails or is interrupted, 1-second records are kept, and the message says how to continue.

    Args:
        data: The records.
        target: The file.
        overwrite: Whether the file may exist.
        quiet: Whether to show no progress and no notes.
        coverage: Whether to report how complete the records are.
        continue_with: The command that resumes the download; empty if it cannot be resumed.
    """
    last: Progress | None = None
    keeps_records = bool(continue_with) and all(query.resumable for query in data.queries)
    show = not quiet and sys.stderr.isatty()
    try:
        with open_display(show) as display:

            def note(progress: Progress) -> None:
                nonlocal last
                last = progress
                if display is not None:
                    display(progress)

            report = data.save(target, overwrite=overwrite, resume=keeps_records, progress=note, coverage=coverage)
    except KeyboardInterrupt as interrupt:
        print_message(f"interrupted: {_explain_rest(interrupt, continue_with)}")
        raise
    except (CallError, OSError) as error:
        if not hasattr(error, "__notes__"):
            raise
        raise to_command_error(error, _explain_rest(error, continue_with)) or error from error
    if last is None:
        raise RuntimeError("a save ended without progress")
    if not quiet and last.records:
        print_message(f"{target}: {last.records:,} records, {last.bytes / 1e6:,.1f} MB of JSON, {last.seconds:.1f} s")
        if report is not None:
            print_message(str(report))
    return last


def stream_data(client: Client, data: Data) -> int:
    """Write records to standard output, as one JSON object a line, and return their number."""
    download = DownloadState()
    output = get_stdout().buffer
    writer = NdjsonWriter(output)
    batches = client._iterate(stream_batches(client._executor, data.queries, download, TEXTS))
    with Interruption() as interruption, closing(batches):
        for texts in batches:
            with interruption.defer():
                writer.write(texts)
                output.flush()
    return download.records


def _explain_rest(error: BaseException, continue_with: str) -> str:
    """Return how many records are kept, and how to continue. The SDK notes the former in the error."""
    notes: list[str] = getattr(error, "__notes__", [])
    if notes and continue_with:
        return f"{notes[0].partition(';')[0]}; continue with: {continue_with}"
    return "no records are kept"
