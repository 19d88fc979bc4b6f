"""Decide whether a text is the start of a JSON array of records: whether more bytes could complete it.

A body that ended early can be resumed; a corrupt one cannot. A text is a valid start if a parser accepts it with one of
a few endings: the rest of the last string, number or word, then the brackets that are open.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator

from datastore_sdk.data.streaming.json_decoder import RecordDecodeError, decode_texts
from datastore_sdk.data.streaming.json_spans import STRING_PATTERN

_TOKENS = re.compile(STRING_PATTERN + rb'|["\[\]{}]', re.DOTALL)
"""A string, the start of an incomplete string, or a bracket outside strings."""
_CLOSING = {b"{": b"}", b"[": b"]"}
_STRING_ENDINGS = [b'"', b'\\"', b'0"', b'00"', b'000"', b'0000"']
"""Endings of a string: its quote, after the remaining part of an escape."""
_VALUE_ENDINGS = [b"", b"0", b"{}", b"rue", b"ue", b"e", b"alse", b"lse", b"se", b"ull", b"ll", b"l"]
"""Endings of a number or a word, and values that must follow."""
_MEMBER_ENDINGS = [b"", b":0", b'"":0']
"""Endings of a member of an object, after its name or before it."""
_REPLACEMENT = "\ufffd".encode()


def is_array_start(text: bytes) -> bool:
    """Return whether a text is a JSON array of records, or can become one by more bytes."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        decoder.decode(text)
    except UnicodeDecodeError:
        return False
    incomplete, _ = decoder.getstate()
    if incomplete:  # a character, of which the rest could follow
        text = text.removesuffix(incomplete) + _REPLACEMENT
    return not text.strip(b" \t\n\r") or any(map(_is_array, _completions(text)))


def _completions(text: bytes) -> Iterator[bytes]:
    """Yield the text with each ending that could complete it."""
    closing: list[bytes] = []
    in_string = False
    for token in _TOKENS.finditer(text):
        mark = token[0]
        if mark in _CLOSING:
            closing.append(_CLOSING[mark])
        elif mark in (b"}", b"]"):
            if not closing:
                return
            closing.pop()
        elif mark == b'"':
            in_string = True
            break
    brackets = b"".join(reversed(closing))
    for ending in _STRING_ENDINGS if in_string else _VALUE_ENDINGS:
        for member in _MEMBER_ENDINGS[: 2 if in_string else 3]:
            yield b"".join((text, ending, member, brackets))


def _is_array(text: bytes) -> bool:
    try:
        decode_texts(text)
    except RecordDecodeError:
        return False
    return True
