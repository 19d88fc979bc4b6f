"""Identify records across responses: their second, their site and a digest of their content.

Nothing is assumed about the form of `timestamp`: unix seconds as int, float or text, milliseconds to nanoseconds, and
ISO dates are read; whatever else a record holds there, its digest still identifies it.
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
"""Bytes of a digest: so many that two different records never share one."""
MAX_SECOND = 100_000_000_000
"""Larger timestamps are in milliseconds, microseconds or nanoseconds: as seconds it is in the year 5138."""
MAX_NANOSECONDS = MAX_SECOND * 10**9


class Identity(NamedTuple):
    """What identifies a record."""

    second: int | None
    """Its timestamp in whole unix seconds, rounded down; None if it has none that can be read."""
    site: Any
    """Its `site_id`, as sent; None if it has none."""
    digest: bytes
    """Digest of its content. The order of its keys does not matter; 5, 5.0 and "5" differ."""


def identify_records(text: bytes) -> list[Identity]:
    """Return the identities of the records of a JSON array."""
    try:
        return [_identify_record(record) for record in decode_dicts(text)]
    except (RecordDecodeError, RecursionError):  # nested too deeply to be parsed; compared as they were sent
        return [_identify_text(record) for record in decode_texts(text)]


def parse_second(timestamp: Any) -> int | None:
    """Return a timestamp in whole unix seconds, rounded down; None if it cannot be read."""
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
        moment = datetime.fromisoformat(timestamp.strip())
        return math.floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
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
