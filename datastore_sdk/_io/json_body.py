"""JSON of bodies: in whatever charset, and with what parsers differ about."""

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
"""Byte order marks, with the encodings that they stand for."""
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_MAX_DIGITS = 20
"""Most digits of an id that comes as text."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def parse_id(value: object) -> int | None:
    """Return an id, which the service may have sent as text; None for anything else."""
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
    """JSON, also where it begins with a byte order mark, is in another charset than UTF-8, or holds NaN.

    Raises:
        ValueError: It is not JSON.
    """
    text = _decode(content, content_type)
    try:
        return pydantic_core.from_json(text)
    except ValueError as error:
        with suppress(ValueError, RecursionError):  # surrogates that are alone
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
