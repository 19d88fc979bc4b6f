"""Replace the string `"Infinity"`, which the service writes for a missing number, by null in JSON text.

That is safe because inside a JSON string a quote always follows a backslash: `: "Infinity"` in valid JSON is always a
value.
"""

from __future__ import annotations

import re

from datastore_sdk.data.streaming.json_spans import find_values

_INFINITY = b'"Infinity"'
PADDED_NULL = b"null".ljust(len(_INFINITY))
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


def may_hold_infinity(text: bytes) -> bool:
    """Return whether the word may be in a text, escaped or not."""
    return _matches_anywhere(_PLAIN_WORD, b"I", text) or _matches_anywhere(_ESCAPED_LETTER, b"\\", text)


def is_infinity(value: bytes) -> bool:
    """Return whether the JSON text of a value is the word."""
    return _INFINITY_VALUE.fullmatch(b":" + value) is not None


def replace_infinity(text: bytes, null: bytes = b"null") -> bytes:
    """Return the text with null for each value `"Infinity"` of an object, nested objects included."""
    # Almost all are written like the first one; searching for another form takes longer than replacing.
    colon = b": " if text[: max(text.find(_INFINITY), 0)].endswith(b" ") else b":"
    text = _replace(text, colon + _INFINITY, colon + null)
    return _INFINITY_VALUE.sub(rb"\1null", text) if may_hold_infinity(text) else text


def replace_own_infinity(record: bytes) -> bytes:
    """Return the text of a record with null for each value `"Infinity"` of its own."""
    pieces: list[bytes] = []
    done = 0
    for _, (start, end) in find_values(record):
        if is_infinity(record[start:end]):
            pieces += record[done:start], b"null"
            done = end
    return b"".join([*pieces, record[done:]])


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


def _replace(text: bytes, old: bytes, new: bytes) -> bytes:
    """Return the same as `bytes.replace`, which searches twice if the lengths differ."""
    return text.replace(old, new) if len(old) == len(new) else new.join(text.split(old))
