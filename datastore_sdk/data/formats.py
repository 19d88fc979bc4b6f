"""File formats, by suffix."""

from __future__ import annotations

from pathlib import Path

from datastore_sdk.data.csv_writer import CsvWriter
from datastore_sdk.data.json_writer import JsonWriter
from datastore_sdk.data.writer import Writer

_WRITERS: dict[str, type[Writer]] = {".json": JsonWriter, ".csv": CsvWriter}


def writer_for(path: Path) -> type[Writer]:
    """The writer for a file's suffix.

    Raises:
        ValueError: There is none.
    """
    try:
        return _WRITERS[path.suffix.lower()]
    except KeyError:
        raise ValueError(
            f"{path.name!r}: the format is chosen by the suffix, which must be one of {', '.join(_WRITERS)}"
        ) from None
