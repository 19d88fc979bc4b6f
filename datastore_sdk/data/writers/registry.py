"""Registry of the file formats by suffix."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import IO

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.writers import compression
from datastore_sdk.data.writers.base import Sink, Writer
from datastore_sdk.data.writers.csv_writer import CsvWriter
from datastore_sdk.data.writers.json_writer import JsonWriter
from datastore_sdk.data.writers.ndjson_writer import NdjsonWriter

WriterFactory = Callable[[IO[bytes]], Writer]
"""Creates the writer of a file."""
TextWriterFactory = Callable[[Sink], Writer]
"""Creates the writer of a text file, which can be compressed."""

_TEXTS: dict[str, TextWriterFactory] = {
    ".json": JsonWriter,
    ".csv": CsvWriter,
    ".ndjson": NdjsonWriter,
    ".jsonl": NdjsonWriter,
}


def is_incremental(kind: WriterFactory) -> bool:
    """Return whether the file is a sequence of complete records after each write: NDJSON without compression."""
    return kind is NdjsonWriter


def _parquet() -> WriterFactory:
    require_extra("pyarrow", extra="arrow")
    from datastore_sdk.data.arrow.writers import ParquetWriter

    return ParquetWriter


def _arrow() -> WriterFactory:
    require_extra("pyarrow", extra="arrow")
    from datastore_sdk.data.arrow.writers import ArrowWriter

    return ArrowWriter


def _gzip(kind: TextWriterFactory) -> WriterFactory:
    return lambda file: compression.CompressedWriter(file, kind, compression.gzip())


def _zstd(kind: TextWriterFactory) -> WriterFactory:
    require_extra("zstandard", extra="zstd")
    return lambda file: compression.CompressedWriter(file, kind, compression.zstd())


_TABLES: dict[str, Callable[[], WriterFactory]] = {".parquet": _parquet, ".arrow": _arrow, ".feather": _arrow}
_COMPRESSIONS: dict[str, Callable[[TextWriterFactory], WriterFactory]] = {".gz": _gzip, ".zst": _zstd}
_SUFFIXES = {*_TEXTS, *_TABLES, *_COMPRESSIONS}


def find_writer(path: Path) -> WriterFactory:
    """Return the writer for the suffixes of a path.

    Raises:
        ValueError: No format has these suffixes.
        ImportError: The format needs an extra that is not installed.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    known = [*takewhile(_SUFFIXES.__contains__, reversed(suffixes))]
    match known:
        case [text] if text in _TEXTS:
            return _TEXTS[text]
        case [table] if table in _TABLES:
            return _TABLES[table]()
        case [packed, text] if packed in _COMPRESSIONS and text in _TEXTS:
            return _COMPRESSIONS[packed](_TEXTS[text])
        case _:
            wrong = "".join(path.suffixes[-max(len(known), 1) :])
            raise ValueError(
                f"{path.name!r}: the format is chosen by the suffix, which must be one of {', '.join(_TEXTS)} "
                f"(each may be followed by {' or '.join(_COMPRESSIONS)}), {', '.join(_TABLES)}"
                f"{wrong and f', not {wrong}'}"
            )
