"""Codecs: how records are decoded from JSON, how their keys are read, and how they become JSON again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from datastore_sdk.data.streaming.json_decoder import (
    Cells,
    Record,
    decode_cells,
    decode_dicts,
    decode_texts,
    split_cells,
)

R = TypeVar("R")

Position = tuple[int, int | None]
"""Timestamp and site of a record, which together identify it."""
_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""Unix seconds of the years 1 to 9999."""


class Keys(msgspec.Struct, gc=False):
    """The keys of a record as they were sent; None for each that is missing. Other values are not decoded."""

    timestamp: Any = None
    site_id: Any = None


parse_keys: Callable[[bytes], list[Keys]] = msgspec.json.Decoder(list[Keys]).decode
"""Decodes the keys of an array of records. It refuses lone surrogates."""
_parse_own_keys: Callable[[msgspec.Raw], Keys] = msgspec.json.Decoder(Keys).decode


class RecordCodec(msgspec.Struct, Generic[R], frozen=True):
    """One representation of records."""

    decode: Callable[[bytes], list[R]]
    """Decodes a JSON array of records."""
    read_keys: Callable[[R], tuple[Any, Any]]
    """Returns `timestamp` and `site_id` of a record as they were sent; None for each that is missing."""
    encode: Callable[[R], bytes]
    """Returns a record as JSON text."""

    def position(self, record: R) -> Position | None:
        """Return timestamp and site of a record; None if it has no timestamp in unix seconds."""
        second, site = self.read_keys(record)
        if type(second) is not int or second not in _SECONDS:
            return None
        return second, site if isinstance(site, int) else None


def _read_keys_of_dict(record: Record) -> tuple[Any, Any]:
    return record.get("timestamp"), record.get("site_id")


def _read_keys_of_text(record: msgspec.Raw) -> tuple[Any, Any]:
    try:
        keys = _parse_own_keys(record)
    except (msgspec.DecodeError, RecursionError):  # a lone surrogate, or nested too deeply
        return _read_keys_of_cells(split_cells(bytes(record)))
    return keys.timestamp, keys.site_id


def _read_keys_of_cells(record: Cells) -> tuple[Any, Any]:
    return _read_keys_of_dict({name: _decode_cell(record[name]) for name in ("timestamp", "site_id") if name in record})


def _decode_cell(cell: msgspec.Raw) -> Any:
    try:
        return orjson.loads(bytes(cell))
    except orjson.JSONDecodeError:  # no timestamp or site is like that
        return None


def _encode_dict(record: Record) -> bytes:
    try:
        return orjson.dumps(record)
    except TypeError:  # a lone surrogate, or nested too deeply for orjson
        return json.dumps(record).encode()


def _encode_cells(record: Cells) -> bytes:
    return b"{%b}" % b",".join(b"%b:%b" % (json.dumps(name).encode(), bytes(cell)) for name, cell in record.items())


DICTS: RecordCodec[Record] = RecordCodec(decode_dicts, _read_keys_of_dict, _encode_dict)
TEXTS: RecordCodec[msgspec.Raw] = RecordCodec(decode_texts, _read_keys_of_text, bytes)
CELLS: RecordCodec[Cells] = RecordCodec(decode_cells, _read_keys_of_cells, _encode_cells)
