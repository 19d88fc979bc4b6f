"""Live records of a command."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any

import orjson

from datastore_sdk import LiveData, Pad, Record, Site
from datastore_sdk.cli.console import get_stdout
from datastore_sdk.cli.signals import Interruption


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
