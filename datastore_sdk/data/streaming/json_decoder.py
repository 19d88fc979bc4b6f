"""Reads a JSON array of records: as dicts to work with, as their JSON texts, or as cells of JSON text.

The two text forms never turn a number into a Python object and back, so files hold every value as it was sent, and
faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import msgspec
import orjson

from datastore_sdk.data.streaming.json_scanner import records_in, values_in

R = TypeVar("R")

Record = dict[str, Any]
"""One record: `timestamp`, `site_id`, and a number, string, boolean or None for each measured field."""
Cells = dict[str, msgspec.Raw]
"""One record with the JSON text of each value."""

_as_texts: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_as_cells: Callable[[bytes], list[Cells]] = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
_NULL = msgspec.Raw(b"null")
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_64_BITS = range(-(2**63), 2**64)
_LONGEST = 20
"""How many characters a whole number of 64 bits has at most."""
_BRACE = ord("{")
_MISSING = b'"Infinity"'
"""How the service writes a number that is missing. It is handed on as null."""


class UndecodableError(Exception):
    """A text is not a JSON array of records."""

    def __init__(self, reason: str, *, at_end: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at_end = at_end
        """Whether it goes wrong at its end alone: it may only have been cut in the wrong place."""


def dicts(text: bytes) -> list[Record]:
    """The records as dicts. Whole numbers beyond 64 bits become floats, and what is beyond floats infinite.

    Raises:
        Undecodable: the text is not a JSON array of records.
    """
    try:
        batch: list[Record] = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            batch = _leniently(text)
        except RecursionError:
            raise _too_deep(text) from None
    if set(map(type, batch)) != {dict}:
        raise _not_records()
    if _may_miss(text):
        for record in batch:
            for name, value in record.items():
                if value == "Infinity":
                    record[name] = None
    return batch


def texts(text: bytes) -> list[msgspec.Raw]:
    """The records as their JSON texts.

    Raises:
        Undecodable: the text is not a JSON array of records.
    """
    try:
        batch = _fast(_as_texts, text)
    except _REFUSALS:
        batch = [msgspec.Raw(record) for record in _refused(text)]
    if {bytes(item)[0] for item in batch} - {_BRACE}:
        raise _not_records()
    return [_with_nulls(record) for record in batch] if _may_miss(text) else batch


def cells(text: bytes) -> list[Cells]:
    """The records as dicts of JSON texts.

    Raises:
        Undecodable: the text is not a JSON array of records.
    """
    try:
        batch = _fast(_as_cells, text)
    except _REFUSALS:
        batch = [cells_of(record) for record in _refused(text)]
    if _may_miss(text):
        for record in batch:
            for name, value in record.items():
                if _is_missing(bytes(value)):
                    record[name] = _NULL
    return batch


def cells_of(record: bytes) -> Cells:
    """A record, given as its JSON text, as a dict of JSON texts."""
    return {json.loads(name): msgspec.Raw(record[start:end]) for name, (start, end) in values_in(record)}


def _fast(decode: Callable[[bytes], list[R]], text: bytes) -> list[R]:
    if not text.isascii():
        text.decode()  # which msgspec leaves unchecked in what it hands through
    return decode(text)


def _may_miss(text: bytes) -> bool:
    """Whether a number may be missing. The word could be written with escapes too.

    Single bytes, which seldom come, are looked for first: they are found many times faster than words.
    """
    return (b"I" in text and _MISSING in text) or (b"\\" in text and b"\\u00" in text)


def _is_missing(value: bytes) -> bool:
    return value == _MISSING or (b"\\u00" in value and value.startswith(b'"') and json.loads(value) == "Infinity")


def _with_nulls(record: msgspec.Raw) -> msgspec.Raw:
    """The text of a record with null for each number that is missing. All else stays as it is."""
    text = bytes(record)
    if not _may_miss(text):
        return record
    pieces: list[bytes] = []
    done = 0
    for _, (start, end) in values_in(text):
        if _is_missing(text[start:end]):
            pieces += text[done:start], b"null"
            done = end
    return msgspec.Raw(b"".join([*pieces, text[done:]]))


def _refused(text: bytes) -> Iterator[bytes]:
    """The texts of records that the fast parsers refuse, if they are records."""
    try:
        _leniently(text, parse_number=str)
    except RecursionError:  # which is no reason to refuse what is not read any further
        from datastore_sdk.data.streaming.damage import is_whole  # here, for it takes a while

        if not is_whole(text):
            raise _too_deep(text) from None
    return (text[start:end] for start, end in records_in(text))


def _leniently(text: bytes, parse_number: Callable[[str], Any] | None = None) -> list[Record]:
    """The records by the standard library's parser: unlike the fast ones it takes lone surrogates and 1e400."""
    try:
        batch: list[Record] = json.loads(
            text.decode(), parse_constant=_refuse, parse_int=parse_number or _number, parse_float=parse_number
        )
    except json.JSONDecodeError as error:
        at_end = error.msg.startswith("Unterminated string") or len(error.doc) - error.pos <= 1
        raise UndecodableError(error.msg, at_end=at_end) from None
    except ValueError as error:
        raise UndecodableError(str(error)) from None
    if set(map(type, batch)) != {dict}:
        raise _not_records()
    return batch


def _number(text: str) -> int | float:
    """A whole number as the fast parser reads it: what stands beside it makes no difference."""
    return number if len(text) <= _LONGEST and (number := int(text)) in _64_BITS else float(text)


def _too_deep(text: bytes) -> UndecodableError:
    from datastore_sdk.data.streaming.damage import damage_in, is_whole  # as above

    return UndecodableError("values are nested too deeply", at_end=damage_in(text[:-1]) is None and not is_whole(text))


def _not_records() -> UndecodableError:
    return UndecodableError("an item of the array is not a record (a JSON object)")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
