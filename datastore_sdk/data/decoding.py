"""Reads a JSON array of records: as dicts to work with, as their JSON texts, or as cells of JSON text.

The two text forms never turn a number into a Python object and back, so files hold every value as it was sent, and
faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec
import orjson

Record = dict[str, Any]
"""One record: `timestamp`, `site_id`, and a number, string, boolean or None for each measured field."""
Cells = dict[str, msgspec.Raw]
"""One record with the JSON text of each value."""

_as_texts: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_as_cells: Callable[[bytes], list[Cells]] = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
_NULL = msgspec.Raw(b"null")
_MISSING = b'"Infinity"'
"""How the service writes a number that is missing. It is handed on as null."""


class Undecodable(Exception):  # noqa: N818 - never leaves this package: the stream turns it into a CorruptBodyError
    """A text is not a JSON array of records."""

    def __init__(self, reason: str, position: int, *, at_end: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        """Byte at which the text goes wrong."""
        self.at_end = at_end
        """Whether that is its end: it may only have been cut in the wrong place."""


def dicts(text: bytes) -> list[Record]:
    """The records as dicts.

    Raises:
        Undecodable: the text is not a JSON array of records.
    """
    try:
        batch: list[Record] = orjson.loads(text)
    except orjson.JSONDecodeError:
        batch = _leniently(text)
    if set(map(type, batch)) != {dict}:
        raise _not_records()
    if _MISSING in text:
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
    if _MISSING in text:
        return [msgspec.Raw(msgspec.json.encode(record)) for record in cells(text)]
    try:
        if not text.isascii():
            text.decode()  # which msgspec leaves unchecked in what it hands through
        batch = _as_texts(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [_raw(record) for record in _leniently(text)]
    if text.count(b"{") < len(batch):
        raise _not_records()
    return batch


def cells(text: bytes) -> list[Cells]:
    """The records as dicts of JSON texts.

    Raises:
        Undecodable: the text is not a JSON array of records.
    """
    try:
        if not text.isascii():
            text.decode()
        batch = _as_cells(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        batch = [{name: _raw(value) for name, value in record.items()} for record in _leniently(text)]
    if _MISSING in text:
        for record in batch:
            for name, value in record.items():
                if bytes(value) == _MISSING:
                    record[name] = _NULL
    return batch


def _leniently(text: bytes) -> list[Record]:
    """The records by the standard library's parser: unlike the fast ones it takes lone surrogates and 1e400."""
    try:
        batch: list[Record] = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        at_end = error.msg.startswith("Unterminated string") or len(error.doc) - error.pos <= 1
        raise Undecodable(error.msg, len(error.doc[: error.pos].encode()), at_end=at_end) from None
    except UnicodeDecodeError as error:
        raise Undecodable("not UTF-8", error.start, at_end=False) from None
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error), 0, at_end=False) from None
    if set(map(type, batch)) != {dict}:
        raise _not_records()
    return batch


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def _not_records() -> Undecodable:
    return Undecodable("an item of the array is not a record (a JSON object)", 0, at_end=False)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
