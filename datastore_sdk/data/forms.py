"""The forms in which records are read, and where a record of each form stands in the stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from datastore_sdk.data.decoding import Cells, Record, cells, cells_of, dicts, texts

R = TypeVar("R")

Position = tuple[int, int | None]
"""Where a record stands: its timestamp and its site, which together name it."""
_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""Those of the years 1 to 9999."""


class Form(msgspec.Struct, Generic[R], frozen=True):
    """A form of records."""

    decode: Callable[[bytes], list[R]]
    """Reads a JSON array of records."""
    position: Callable[[R], Position | None]
    """Where a record stands; None where it has no timestamp."""


def _position(record: Record) -> Position | None:
    second = record.get("timestamp")
    site = record.get("site_id")
    if type(second) is not int or second not in _SECONDS:
        return None
    return second, site if isinstance(site, int) else None


def _position_of_text(record: msgspec.Raw) -> Position | None:
    text = bytes(record)
    try:
        return _position(orjson.loads(text))
    except orjson.JSONDecodeError:  # for a lone surrogate or 1e400, which records may hold
        return _position_of_cells(cells_of(text))


def _position_of_cells(record: Cells) -> Position | None:
    return _position({name: _read(record[name]) for name in ("timestamp", "site_id") if name in record})


def _read(cell: msgspec.Raw) -> Any:
    try:
        return orjson.loads(bytes(cell))
    except orjson.JSONDecodeError:  # neither moments nor sites are like that
        return None


DICTS: Form[Record] = Form(dicts, _position)
TEXTS: Form[msgspec.Raw] = Form(texts, _position_of_text)
CELLS: Form[Cells] = Form(cells, _position_of_cells)
