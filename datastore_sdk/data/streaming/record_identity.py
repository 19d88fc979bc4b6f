"""Identify records across responses: by second, site and a digest of the content.

`timestamp` may have any form. Unix seconds as int, float or text, milliseconds to nanoseconds, and ISO datetimes are
parsed. A record with any other value is still identified by its digest.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import orjson

from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.json_decoder import Record, RecordDecodeError, decode_dicts, decode_texts

_DIGEST_BYTES = 16
"""Size of a digest in bytes, large enough that two records never share one."""
MAX_SECOND = 100_000_000_000
"""Larger timestamps are in milliseconds, microseconds or nanoseconds: in seconds, this is the year 5138."""
MAX_NANOSECONDS = MAX_SECOND * 10**9


class Identity(NamedTuple):
    """Identity of a record."""

    second: int | None
    """Timestamp in whole unix seconds, rounded down; None if it is missing or unreadable."""
    site: Any
    """`site_id`, as sent; None if it is missing."""
    digest: bytes
    """Digest of the content. The order of keys does not matter; 5, 5.0 and "5" differ."""


def identify_records(text: bytes) -> list[Identity]:
    """Return the identities of the records of a JSON array."""
    try:
        return [_identify_record(record) for record in decode_dicts(text)]
    except (RecordDecodeError, RecursionError):  # nested too deeply; compared as text
        return [_identify_text(record) for record in decode_texts(text)]


def parse_second(timestamp: Any) -> int | None:
    """Return a timestamp in whole unix seconds, rounded down; None if it is unreadable."""
    if type(timestamp) is int:
        return _to_seconds(timestamp)
    if isinstance(timestamp, float):
        return _to_seconds(timestamp) if math.isfinite(timestamp) else None
    if isinstance(timestamp, str):
        return _parse_text(timestamp)
    return None


def _to_seconds(timestamp: float) -> int | None:
    size = abs(timestamp)
    if size < MAX_SECOND:
        return math.floor(timestamp)
    if size >= MAX_NANOSECONDS:
        return None
    unit = 1000
    while size >= MAX_SECOND * unit:
        unit *= 1000
    return math.floor(timestamp // unit)


def _parse_text(timestamp: str) -> int | None:
    try:
        value = datetime.fromisoformat(timestamp.strip())
        return math.floor((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        pass
    try:
        number = float(timestamp)
    except ValueError:
        return None
    return _to_seconds(number) if math.isfinite(number) else None


def _identify_record(record: Record) -> Identity:
    try:
        content = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # lone surrogates, or nested too deeply for orjson
        content = json.dumps(record, sort_keys=True).encode()
    return Identity(parse_second(record.get("timestamp")), record.get("site_id"), _compute_digest(content))


def _identify_text(record: msgspec.Raw) -> Identity:
    timestamp, site = TEXTS.read_keys(record)
    return Identity(parse_second(timestamp), site, _compute_digest(bytes(record)))


def _compute_digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST_BYTES).digest()
