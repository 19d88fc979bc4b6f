"""Decode a JSON array of records: to dicts, to the JSON text of each record, or to the JSON text of each value.

The two text forms never turn a number into a Python object and back. So files hold every value as it was sent, and are
written faster.

The service writes a missing number as the string `"Infinity"`. Each decoder returns null for it, if it is a value of
the record itself: names, longer strings and nested values keep the word. It is replaced in the text of a whole batch
before parsing (`infinity.py`), and put back where it was nested.

The fast parsers refuse some records that the standard library accepts: with lone surrogates, or with numbers beyond
the range of a float. Such a record is decoded slowly; the records around it are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, compress
from struct import Struct
from typing import Any, NoReturn

import msgspec
import orjson

from datastore_sdk.data.streaming.infinity import (
    PADDED_NULL,
    may_hold_infinity,
    replace_infinity,
    replace_own_infinity,
)
from datastore_sdk.data.streaming.json_spans import count_byte, find_values

Record = dict[str, Any]
"""One record: `timestamp`, `site_id`, and a number, string, boolean or None for each measured field."""
Cells = dict[str, msgspec.Raw]
"""One record with the JSON text of each value."""

_parse_texts: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_parse_cells: Callable[[bytes], list[Cells]] = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
_parse_record: Callable[[msgspec.Raw], Cells] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_first_byte: Callable[[Any], tuple[int]] = Struct("B").unpack_from
_BRACE = (ord("{"),)
_NESTED = {_BRACE, (ord("["),)}
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape, or the two of a surrogate pair; the group is a lone surrogate."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Start of the escape of a surrogate, lone or not."""
_BYTE_OFFSET = re.compile(r" \(byte (\d+)\)$")
"""Where msgspec stopped."""
_CONSTANT = re.compile(rb"NaN|-?Infinity")
"""A number that JavaScript and Python know, but JSON does not."""

_INT64_OR_UINT64 = range(-(2**63), 2**64)
_MAX_INT_DIGITS = 20
"""Maximum number of characters of an int of 64 bits."""


class RecordDecodeError(Exception):
    """A text is not a JSON array of records.

    Args:
        reason: The error.
        at_end: Whether parsing failed at the end of the text. Then the text may only have been cut in the wrong place.
    """

    def __init__(self, reason: str, *, at_end: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at_end = at_end


def decode_dicts(text: bytes) -> list[Record]:
    """Decode the records to dicts. Ints beyond 64 bits become floats; numbers beyond floats become infinite.

    Raises:
        RecordDecodeError: The text is not a JSON array of records.
    """
    if not may_hold_infinity(text):
        return _load_dicts(text)
    batch = _load_dicts(replace_infinity(text, PADDED_NULL))
    if count_byte(text, b"{") == len(batch):
        return batch
    batch = _load_dicts(text)  # nested values keep the word
    for record in batch:
        if "Infinity" in record.values():
            for name, value in record.items():
                if value == "Infinity":
                    record[name] = None
    return batch


def decode_texts(text: bytes) -> list[msgspec.Raw]:
    """Decode the records to their JSON texts.

    Raises:
        RecordDecodeError: The text is not a JSON array of records.
    """
    if not may_hold_infinity(text):
        return _split_records(text)
    batch = _split_records(replace_infinity(text))
    if count_byte(text, b"{") == len(batch):
        return batch
    originals, cells = _split_records(text), _load_cells(text)
    if count_byte(b"".join(_values(cells)), b"{") != count_byte(text, b"{") - len(cells):  # a name is there twice
        return [msgspec.Raw(replace_own_infinity(bytes(original))) for original in originals]
    names = _find_nested_names(cells)
    nested = [[bytes(record[name]) for name in names if name in record] for record in cells]
    if not may_hold_infinity(b"".join(chain.from_iterable(nested))):
        return batch
    return [*map(_restore_nested, batch, originals, nested)]


def decode_cells(text: bytes) -> list[Cells]:
    """Decode the records to dicts of the JSON texts of their values.

    Raises:
        RecordDecodeError: The text is not a JSON array of records.
    """
    if not may_hold_infinity(text):
        return _load_cells(text)
    batch = _load_cells(replace_infinity(text, PADDED_NULL))
    if count_byte(text, b"{") == len(batch):
        return batch
    originals = _load_cells(text)
    nested = _find_nested_names(originals)
    for record, original in zip(batch, originals, strict=True):
        record.update((name, original[name]) for name in nested & original.keys() if _is_nested(original[name]))
    return batch


def split_cells(record: bytes) -> Cells:
    """Split the JSON text of one valid record into its names and the JSON texts of its values."""
    return {json.loads(name): msgspec.Raw(record[start:end]) for name, (start, end) in find_values(record)}


def _load_dicts(text: bytes) -> list[Record]:
    try:
        batch: list[Record] = orjson.loads(text)
    except orjson.JSONDecodeError:
        batch = _load_odd_dicts(_split_records(text))
    if set(map(type, batch)) != {dict}:
        raise _not_records()
    return batch


def _load_odd_dicts(records: list[msgspec.Raw]) -> list[Record]:
    """Decode records of which orjson refuses some. Halving finds those in few steps."""
    if len(records) == 1:
        return [_load_odd_dict(bytes(records[0]))]
    batch: list[Record] = []
    half = len(records) // 2
    for part in records[:half], records[half:]:
        try:
            batch += orjson.loads(b"[" + b",".join(part) + b"]")
        except orjson.JSONDecodeError:
            batch += _load_odd_dicts(part)
    return batch


def _load_odd_dict(text: bytes) -> Record:
    try:
        record: Record = json.loads(text.decode(), parse_constant=_refuse_constant, parse_int=_parse_int)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise RecordDecodeError(str(error)) from None
    return record


def _load_cells(text: bytes) -> list[Cells]:
    try:
        _check_encoding(text)
        return _parse_cells(text)
    except _REFUSALS:
        return [_load_odd_cells(record) for record in _split_records(text)]


def _load_odd_cells(record: msgspec.Raw) -> Cells:
    try:
        return _parse_record(record)
    except _REFUSALS:
        return split_cells(bytes(record))


def _split_records(text: bytes) -> list[msgspec.Raw]:
    """Return the JSON text of each record, exactly as it was sent."""
    try:
        _check_encoding(text)
        batch = _parse_texts(text)
    except UnicodeDecodeError as error:
        raise RecordDecodeError(f"it is not UTF-8: {error.reason}") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        if _SURROGATE.search(text) is None:
            raise _explain(str(error), text) from None
        batch = _split_odd_records(text)
    if {*map(_read_first_byte, batch)} - {_BRACE}:
        raise _not_records()
    return batch


def _split_odd_records(text: bytes) -> list[msgspec.Raw]:
    """Return the JSON text of each record, if lone surrogates are the only reason to refuse the array.

    They have the same places as in a copy that has other escapes of the same length instead.
    """
    try:
        batch = _parse_texts(_ESCAPE.sub(_replace_lone_surrogate, text))
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        raise _explain(str(error), text) from None
    records: list[msgspec.Raw] = []
    end = 0
    for record in batch:
        start = text.find(bytes(record)[:1], end)
        end = start + len(record)
        records.append(msgspec.Raw(text[start:end]))
    return records


def _explain(message: str, text: bytes) -> RecordDecodeError:
    """Return the error for a message of msgspec."""
    found = _BYTE_OFFSET.search(message)
    if found is None:
        return RecordDecodeError(message, at_end="truncated" in message)
    offset = int(found[1])
    if constant := _CONSTANT.match(text, offset):
        return RecordDecodeError(f"{constant[0].decode()} is not JSON")
    return RecordDecodeError(_BYTE_OFFSET.sub("", message), at_end=offset >= len(text) - 1)


def _check_encoding(text: bytes) -> None:
    """Raise UnicodeDecodeError if the text is not UTF-8: msgspec does not check what it does not decode."""
    if not text.isascii():
        text.decode()


def _replace_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    return b"\\u0041" if escape[1] else escape[0]


def _find_nested_names(records: Sequence[Cells]) -> set[str]:
    """Return the names that have an object or array in any record."""
    starts = map(_read_first_byte, _values(records))
    return {*compress(chain.from_iterable(records), map(_NESTED.__contains__, starts))}


def _values(records: Iterable[Cells]) -> Iterator[msgspec.Raw]:
    return chain.from_iterable(record.values() for record in records)


def _is_nested(value: msgspec.Raw) -> bool:
    return _read_first_byte(value) in _NESTED


def _restore_nested(replaced: msgspec.Raw, original: msgspec.Raw, nested: Iterable[bytes]) -> msgspec.Raw:
    """Return the text of a record in which only its own values `"Infinity"` are null.

    Args:
        replaced: The text with nested ones replaced, too.
        original: The text as it was sent.
        nested: Its objects and arrays, and maybe other values.
    """
    record = bytes(replaced)
    for value in nested:
        changed = replace_infinity(value)
        if changed != value:
            if record.count(changed) != 1:
                return msgspec.Raw(replace_own_infinity(bytes(original)))
            record = record.replace(changed, value)
    return msgspec.Raw(record)


def _parse_int(text: str) -> int | float:
    """Parse an int as orjson does, so that records around an odd one do not differ."""
    return number if len(text) <= _MAX_INT_DIGITS and (number := int(text)) in _INT64_OR_UINT64 else float(text)


def _too_deep() -> RecordDecodeError:
    return RecordDecodeError("values are nested too deeply")


def _not_records() -> RecordDecodeError:
    return RecordDecodeError("an item of the array is not a record (a JSON object)")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
