"""Decode a JSON array of records: to dicts, to the JSON text of each record, or to the JSON text of each value.

The two text forms never turn a number into a Python object and back. So files hold every value as it was sent, and are
written faster.

The service writes a missing number as the string `"Infinity"`. Each decoder returns null for it, if it is a value of
the record itself: names, longer strings and nested values keep the word. It is replaced in the text of a whole batch
before parsing. That is safe because inside a JSON string a quote always follows a backslash: `: "Infinity"` in valid
JSON is always a value.

The fast parsers refuse some records that the standard library accepts: with lone surrogates, or with numbers beyond
the range of a float. Such a record is decoded slowly; the records around it are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any, NoReturn

import msgspec
import orjson

Record = dict[str, Any]
"""One record: `timestamp`, `site_id`, and a number, string, boolean or None for each measured field."""
Cells = dict[str, msgspec.Raw]
"""One record with the JSON text of each value."""
Span = tuple[int, int]
"""Start and end of a part of a text."""

_parse_texts: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_parse_cells: Callable[[bytes], list[Cells]] = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
_parse_record: Callable[[msgspec.Raw], Cells] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_first_byte: Callable[[Any], tuple[int]] = Struct("B").unpack_from
_BRACE = (ord("{"),)
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

STRING_PATTERN = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
"""Regular expression of a whole JSON string."""
_BRACES = re.compile(STRING_PATTERN + rb'|["{}]', re.DOTALL)
"""A string, the start of an incomplete string, or a brace outside strings."""
_PUNCTUATION = re.compile(STRING_PATTERN + rb"|[][{},:]", re.DOTALL)
"""A string, or punctuation outside strings."""
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

_INFINITY = b'"Infinity"'
_PADDED_NULL = b"null".ljust(len(_INFINITY))
"""Null of the same length, which is replaced in place and so in half of the time."""
_PLAIN_WORD = re.compile(rb'I(?<="I)nfinity"')
"""The word, from its first letter on."""
_ESCAPED_LETTER = re.compile(rb"\\u00(?:49|6[69eE]|7[49])")
"""A letter of the word, written as an escape."""
_MAX_HOPS = 24
"""Number of places of a byte up to which it counts as rare."""
_INFINITY_VALUE = re.compile(
    rb"(:[ \t\n\r]*+)"
    rb'"(?:I|\\u0049)(?:n|\\u006[eE])(?:f|\\u0066)(?:i|\\u0069)(?:n|\\u006[eE])(?:i|\\u0069)(?:t|\\u0074)(?:y|\\u0079)"'
)
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
    if not _may_hold_infinity(text):
        return _load_dicts(text)
    batch = _load_dicts(_replace_infinity(text, _PADDED_NULL))
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
    if not _may_hold_infinity(text):
        return _split_records(text)
    batch = _split_records(_replace_infinity(text))
    if count_byte(text, b"{") == len(batch):
        return batch
    return [_with_nulls(record) for record in _split_records(text)]


def decode_cells(text: bytes) -> list[Cells]:
    """Decode the records to dicts of the JSON texts of their values.

    Raises:
        RecordDecodeError: The text is not a JSON array of records.
    """
    if not _may_hold_infinity(text):
        return _load_cells(text)
    batch = _load_cells(_replace_infinity(text, _PADDED_NULL))
    if count_byte(text, b"{") == len(batch):
        return batch
    return _load_cells(b"[" + b",".join(decode_texts(text)) + b"]")


def split_cells(record: bytes) -> Cells:
    """Split the JSON text of one valid record into its names and the JSON texts of its values."""
    return {json.loads(name): msgspec.Raw(record[start:end]) for name, (start, end) in find_values(record)}


def find_records(text: bytes) -> Iterator[Span]:
    """Yield the span of each complete record of an array, which itself may be incomplete. The text must be valid."""
    depth = start = 0
    for token in _BRACES.finditer(text):
        match token[0]:
            case b"{":
                start = start if depth else token.start()
                depth += 1
            case b"}":
                depth -= 1
                if depth == 0:
                    yield start, token.end()
            case b'"':
                return
            case _:
                pass


def find_values(record: bytes) -> Iterator[tuple[bytes, Span]]:
    """Yield each name of a record, as JSON, with the span of its value. The text must be valid."""
    depth = start = 0
    name = before = b""
    for token in _PUNCTUATION.finditer(record):
        mark = token[0]
        depth += (mark in (b"{", b"[")) - (mark in (b"}", b"]"))
        if mark == b":" and depth == 1:
            name, start = before, token.end()
        elif name and (depth == 0 or (mark == b"," and depth == 1)):
            value = record[start : token.start()]
            yield name, (token.start() - len(value.lstrip()), start + len(value.rstrip()))
            name = b""
        before = mark


def count_byte(text: bytes, byte: bytes) -> int:
    """Return the same as `bytes.count`, which takes four times as long for a single byte."""
    return len(text) - len(text.replace(byte, b""))


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


def _may_hold_infinity(text: bytes) -> bool:
    """Return whether the word may be in a text, escaped or not."""
    return _matches_anywhere(_PLAIN_WORD, b"I", text) or _matches_anywhere(_ESCAPED_LETTER, b"\\", text)


def _matches_anywhere(pattern: re.Pattern[bytes], first: bytes, text: bytes) -> bool:
    """Return whether a pattern matches anywhere in a text.

    A single byte is found many times faster than a pattern, unless it is frequent.

    Args:
        pattern: The pattern.
        first: The byte that it starts with.
        text: The text.
    """
    start = -1
    for _ in range(_MAX_HOPS):
        if (start := text.find(first, start + 1)) < 0:
            return False
        if pattern.match(text, start):
            return True
    return pattern.search(text, start + 1) is not None


def _replace_infinity(text: bytes, null: bytes = b"null") -> bytes:
    """Return the text with null for each value `"Infinity"` of an object, nested objects included."""
    # Almost all are written like the first one; searching for another form takes longer than replacing.
    colon = b": " if text[: max(text.find(_INFINITY), 0)].endswith(b" ") else b":"
    text = _replace(text, colon + _INFINITY, colon + null)
    return _INFINITY_VALUE.sub(rb"\1null", text) if _may_hold_infinity(text) else text


def _replace(text: bytes, old: bytes, new: bytes) -> bytes:
    """Return the same as `bytes.replace`, which searches twice if the lengths differ."""
    return text.replace(old, new) if len(old) == len(new) else new.join(text.split(old))


def _with_nulls(record: msgspec.Raw) -> msgspec.Raw:
    """Return the text of a record with null for each value `"Infinity"`, nested ones excepted."""
    text = bytes(record)
    if not _may_hold_infinity(text):
        return record
    if text.count(b"{") == 1:
        return msgspec.Raw(_replace_infinity(text))
    own = sum(_INFINITY_VALUE.fullmatch(b":" + bytes(value)) is not None for value in _load_odd_cells(record).values())
    if own == 0:
        return record
    if own == sum(1 for _ in _INFINITY_VALUE.finditer(text)):
        return msgspec.Raw(_replace_infinity(text))
    return msgspec.Raw(_replace_own_infinity(text))


def _replace_own_infinity(record: bytes) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for _, (start, end) in find_values(record):
        if _INFINITY_VALUE.fullmatch(b":" + record[start:end]):
            pieces += record[done:start], b"null"
            done = end
    return b"".join([*pieces, record[done:]])


def _parse_int(text: str) -> int | float:
    """Parse an int as orjson does, so that records around an odd one do not differ."""
    return number if len(text) <= _MAX_INT_DIGITS and (number := int(text)) in _INT64_OR_UINT64 else float(text)


def _too_deep() -> RecordDecodeError:
    return RecordDecodeError("values are nested too deeply")


def _not_records() -> RecordDecodeError:
    return RecordDecodeError("an item of the array is not a record (a JSON object)")


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
