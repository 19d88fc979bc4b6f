"""JSON of response bodies: any charset, byte order marks, and what JSON parsers disagree about."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, TypeGuard

import pydantic_core

_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Encodings by byte order mark."""
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_TOO_DEEP = "recursion limit"
"""Part of the parser's message for values nested more than 200 levels deep."""
_MAX_DIGITS = 20
"""Maximum number of digits of an id that is sent as text."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a value is a JSON array."""
    return isinstance(value, list)


def parse_id(value: object) -> int | None:
    """Return an id, which the service may send as text; None if the value is not an id."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS:
        return int(value)
    return None


def parse_json(content: bytes, content_type: str = "") -> Any:
    """Parse JSON that may have a byte order mark, a charset other than UTF-8, or NaN.

    Raises:
        ValueError: The content is not JSON.
    """
    text = _decode(content, content_type)
    try:
        return pydantic_core.from_json(text)
    except ValueError as error:
        if _TOO_DEEP not in str(error):  # some versions of the standard library accept what pydantic cannot write again
            with suppress(ValueError, RecursionError):  # lone surrogates, which only the standard library accepts
                return json.loads(text)
        raise ValueError(f"not JSON: {error}") from None


def _decode(content: bytes, content_type: str) -> bytes | str:
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    with suppress(UnicodeDecodeError):
        text = content.decode()
        if "\0" not in text:
            return text
    charset = _CHARSET.search(content_type)
    with suppress(LookupError, UnicodeDecodeError):
        return content.decode(charset[1] if charset else json.detect_encoding(content))
    return content.decode(errors="replace")
