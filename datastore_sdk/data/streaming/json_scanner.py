"""Finds records and their values in JSON text, without reading them.

For text whose records parsers refuse or would have to be printed again: what is cut out of it here is as it was sent.
The text must be sound as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BRACES = re.compile(_STRING + rb'|["{}]', re.DOTALL)
"""A string, the beginning of one that is not whole, or a brace outside of strings."""
_MARKS = re.compile(_STRING + rb"|[][{},:]", re.DOTALL)
"""A string, or a mark outside of strings."""

Span = tuple[int, int]
"""Where something begins, and where the next thing does."""


def records_in(text: bytes) -> Iterator[Span]:
    """The records that are whole, in an array that need not be."""
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


def values_in(record: bytes) -> Iterator[tuple[bytes, Span]]:
    """The names of a record, as JSON, each with the place of its value."""
    depth = start = 0
    name = before = b""
    for token in _MARKS.finditer(record):
        mark = token[0]
        depth += (mark in (b"{", b"[")) - (mark in (b"}", b"]"))
        if mark == b":" and depth == 1:
            name, start = before, token.end()
        elif name and (depth == 0 or (mark == b"," and depth == 1)):
            value = record[start : token.start()]
            yield name, (token.start() - len(value.lstrip()), start + len(value.rstrip()))
            name = b""
        before = mark
