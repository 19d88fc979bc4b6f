"""Live records of a command."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Any

import orjson

from datastore_sdk import LiveData, Pad, Record, Site
from datastore_sdk.cli.console import get_stdout
from datastore_sdk.cli.errors import to_command_error
from datastore_sdk.cli.signals import Interruption
from datastore_sdk.data.saving.unfinished import SUFFIX
from datastore_sdk.exceptions import CallError


def listen(
    asset: Pad | Site, start: datetime | None, *, fields: str | None, si: bool, routed: bool
) -> LiveData[Record]:
    """Return the live records of a pad or site, with the records from a time on."""
    options: dict[str, Any] = {"start_datetime": start, "fields": fields, "si_units": si}
    options = {name: value for name, value in options.items() if value is not None}
    if isinstance(asset, Pad):
        live, _ = asset.get_realtime_measurements_data(**options, is_routed=routed)
    else:
        live, _ = asset.get_realtime_measurements_data(**options)
    return live


def print_live(live: LiveData[Record]) -> None:
    """Write records to standard output as they arrive, as one JSON object a line. A signal cuts no line."""
    output = get_stdout().buffer
    with Interruption() as interruption, closing(live.batches()) as batches:
        for records in batches:
            with interruption.defer():
                output.write(b"".join(orjson.dumps(record) + b"\n" for record in records))
                output.flush()


def save_live(live: LiveData[Record], target: Path, *, overwrite: bool) -> None:
    """Save live records to a file. If it cannot be completed, the message says how to recover the records."""
    try:
        live.save(target, overwrite=overwrite)
    except (CallError, OSError) as error:
        for note in getattr(error, "__notes__", ()):
            if SUFFIX in note:
                advice = f"{note.partition(';')[0]}; complete the file with: datastore recover {quote(str(target))}"
                raise to_command_error(error, advice) or error from error
        raise
