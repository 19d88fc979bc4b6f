"""The forms in which records are read, and where a record of each form stands in the stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from datastore_sdk.data.streaming.json_decoder import Cells, Record, cells, cells_of, dicts, texts

R = TypeVar("R")

Position = tuple[int, int | None]
"""Where a record stands: its timestamp and its site, which together name it."""
_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""Those of the years 1 to 9999."""


class RecordCodec(msgspec.Struct, Generic[R], frozen=True):
    """A form of records."""

    decode: Callable[[bytes], list[R]]
    """Reads a JSON array of records."""
    keys: Callable[[R], tuple[Any, Any]]
    """Return `timestamp` and `site_id` of a record as they were sent; None for one that it does not have."""
    text: Callable[[R], bytes]
    """Return a record as JSON text."""

    def position(self, record: R) -> Position | None:
        """Where a record stands; None where it has no timestamp."""
        second, site = self.keys(record)
        if type(second) is not int or second not in _SECONDS:
            return None
        return second, site if isinstance(site, int) else None


def _keys_of_dict(record: Record) -> tuple[Any, Any]:
    return record.get("timestamp"), record.get("site_id")


def _keys_of_text(record: msgspec.Raw) -> tuple[Any, Any]:
    text = bytes(record)
    try:
        return _keys_of_dict(orjson.loads(text))
    except orjson.JSONDecodeError:  # for a lone surrogate or 1e400, which records may hold
        return _keys_of_cells(cells_of(text))


def _keys_of_cells(record: Cells) -> tuple[Any, Any]:
    return _keys_of_dict({name: _read(record[name]) for name in ("timestamp", "site_id") if name in record})


def _read(cell: msgspec.Raw) -> Any:
    try:
        return orjson.loads(bytes(cell))
    except orjson.JSONDecodeError:  # neither moments nor sites are like that
        return None


def _text_of_dict(record: Record) -> bytes:
    try:
        return orjson.dumps(record)
    except TypeError:  # lone surrogates, or nested too deeply for orjson
        return json.dumps(record).encode()


def _text_of_cells(record: Cells) -> bytes:
    return b"{%b}" % b",".join(b"%b:%b" % (json.dumps(name).encode(), bytes(cell)) for name, cell in record.items())


DICTS: RecordCodec[Record] = RecordCodec(dicts, _keys_of_dict, _text_of_dict)
TEXTS: RecordCodec[msgspec.Raw] = RecordCodec(texts, _keys_of_text, bytes)
CELLS: RecordCodec[Cells] = RecordCodec(cells, _keys_of_cells, _text_of_cells)
