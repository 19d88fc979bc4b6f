"""Places of records and values in JSON text."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]
"""Start and end of a part of a text."""

STRING_PATTERN = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
"""Regular expression of a whole JSON string."""
_BRACES = re.compile(STRING_PATTERN + rb'|["{}]', re.DOTALL)
"""A string, the start of an incomplete string, or a brace outside strings."""
_PUNCTUATION = re.compile(STRING_PATTERN + rb"|[][{},:]", re.DOTALL)
"""A string, or punctuation outside strings."""


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
