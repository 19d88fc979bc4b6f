"""The bodies that are measured: one JSON array of records as the service streams them, always the same.

One record a second. Of every ten records four hold only their time and site and six the nine fast fields too; one of
the six has fifteen of the forty slow fields as well and, in the second half, the late one. That makes 8.9 fields a
record out of 52, about 250 bytes, in some two dozen shapes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from random import Random
from typing import Any

from _bench.kinds import Kind, add_member, own_records

START = 1_757_376_000
"""Timestamp of the first record, in unix seconds."""
CHUNK = 1 << 14
"""Bytes of an HTTP chunk where chunks do not follow the records."""
VALVES = ("upper_master_valve", "swab_valve")
FAST = (
    "surface_treating_pressure",
    "bottomhole_pressure",
    "slurry_rate",
    "clean_rate",
    "proppant_conc",
    "hydraulic_power",
    "pumps_on_line",
    *VALVES,
)
SLOW = tuple(f"pump_{pump}_{what}" for pump in range(1, 9) for what in ("rate", "rpm", "gear", "oil_temp", "fuel"))
LATE = "late_field"
SLOW_AT_A_TIME = 15
SLOW_SHAPES = 12
_TEMPLATES = 2_400
"""Number of different records, apart from their times."""
_ENVELOPE = b'{"session_key": "0123456789abcdef0123456789abcdef", "message": %b}'
_WHOLE_TEXT = b"\x81"
_SHORT = 126


class Framing(StrEnum):
    """How the body is split into HTTP chunks or WebSocket messages."""

    CHUNKS = "16 KB chunks"
    RECORDS = "a chunk per record"
    GZIP = "gzip"
    CAPPED = "capped connections"
    MESSAGES = "a message per record"
    NEWEST_FIRST = "newest first"
    BROKEN = "newest first, broken off half way"
    SLICES = "slices of any site"


@dataclass(frozen=True)
class Body:
    """One body. Each call builds the bytes again.

    Attributes:
        records: Number of records.
        framing: How they are split into chunks or messages.
        rate: Records per second, each with the time when it was sent; None: as fast as the client reads.
        kind: The kind of records; None for the usual body.
    """

    records: int
    framing: Framing = Framing.CHUNKS
    rate: int | None = None
    kind: Kind | None = None

    @property
    def size(self) -> int:
        """Size of the JSON in bytes."""
        return sum(map(len, pieces(self.records, kind=self.kind)))

    def encode(self) -> bytes:
        """Return the bytes sent after the headers, including the framing."""
        match self.framing:
            case Framing.CHUNKS | Framing.CAPPED | Framing.SLICES:
                return frame_chunks(split_chunks(pieces(self.records, kind=self.kind)))
            case Framing.RECORDS:
                return frame_chunks(pieces(self.records))
            case Framing.GZIP:
                return frame_chunks(split_chunks(compress(pieces(self.records))))
            case Framing.NEWEST_FIRST | Framing.BROKEN:
                return frame_chunks(split_chunks(pieces(self.records, newest_first=True)))
            case Framing.MESSAGES:
                return b"".join(messages(records(self.records)))


def pieces(count: int, *, newest_first: bool = False, kind: Kind | None = None) -> Iterator[bytes]:
    """Yield the body record by record: each with the bracket or comma before it, the closing bracket by itself."""
    separator = b"["
    for record in reversed([*records(count)]) if newest_first else records(count, kind):
        yield separator + record
        separator = b", "
    yield b"]" if count else b"[]"


def records(count: int, kind: Kind | None = None) -> Iterator[bytes]:
    """Return the records as JSON."""
    if kind is None:
        return _usual_records(count)
    return own_records(count, kind, START) or add_member(_usual_records(count), kind)


def _usual_records(count: int) -> Iterator[bytes]:
    early, late = build_templates(late=False), build_templates()
    for index in range(count):
        template = (early if index < count // 2 else late)[index % _TEMPLATES]
        yield template % (START + index)


def windows(count: int, at_a_time: int = 250) -> Iterator[bytes]:
    """Yield the same records as JSON arrays of about 64 KB, the size that parsers are fastest with."""
    texts = records(count)
    while window := [*islice(texts, at_a_time)]:
        yield b"[" + b", ".join(window) + b"]"


def split_chunks(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same content in pieces of equal size."""
    waiting = bytearray()
    for piece in content:
        waiting += piece
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    if waiting:
        yield bytes(waiting)


def compress(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content as gzip, at the fast level that servers use while streaming."""
    gzip = zlib.compressobj(level=1, wbits=16 + zlib.MAX_WBITS)
    for piece in content:
        if done := gzip.compress(piece):
            yield done
    yield gzip.flush()


def frame_chunks(content: Iterable[bytes]) -> bytes:
    """Return the content in HTTP's chunked encoding, a chunk for each piece."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in content) + b"0\r\n\r\n"


def messages(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the records as messages of a WebSocket, each in its envelope and in a frame of its own."""
    for record in content:
        text = _ENVELOPE % record
        yield _frame_head(len(text)) + text


def _frame_head(length: int) -> bytes:
    if length < _SHORT:
        return _WHOLE_TEXT + bytes([length])
    return _WHOLE_TEXT + bytes([_SHORT]) + length.to_bytes(2, "big")


def build_templates(*, late: bool = True) -> list[bytes]:
    """Return records with a placeholder for the time."""
    random = Random(1)  # noqa: S311 - the same body every time
    return [_template(index, random, late=late) for index in range(_TEMPLATES)]


def _template(index: int, random: Random, *, late: bool) -> bytes:
    record: dict[str, Any] = {"timestamp": "%d", "site_id": 1111}
    slowly = index % 10 == 0
    if slowly:
        first = index // 10 % SLOW_SHAPES * 3
        slow = [SLOW[number % len(SLOW)] for number in range(first, first + SLOW_AT_A_TIME)]
        record |= {name: round(random.uniform(0, 2000), 1) for name in slow}
    if slowly or index % 2:
        record |= {name: _single(random.uniform(0, 100)) for name in FAST}
        record["pumps_on_line"] = random.randrange(20)
        record |= dict.fromkeys(VALVES, random.choice("OC"))
    if slowly and late:
        record[LATE] = _single(random.random())
    return json.dumps(record).replace('"%d"', "%d").encode()


def _single(number: float) -> float:
    """Return the number in single precision, as instruments send it: its text has many digits."""
    single: float = struct.unpack("f", struct.pack("f", number))[0]
    return single
