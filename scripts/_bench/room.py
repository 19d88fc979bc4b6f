"""Server side of a WebSocket: the handshake, and records at a fixed rate."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from time import monotonic, sleep

from _bench.body import messages, records
from _bench.client import SENT

CLOSING = b"\x88\x00"
"""Close frame."""
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def build_handshake_response(key: bytes) -> bytes:
    """Return the response to a handshake with this key."""
    accepted = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accepted
    )


def pace_messages(count: int, rate: int) -> Iterator[bytes]:
    """Yield messages at a rate per second; each record has the time when it was sent."""
    started = monotonic()
    for number, record in enumerate(records(count), start=1):
        sleep(max(started + number / rate - monotonic(), 0))
        yield from messages([b'{"%b": %.6f, %b' % (SENT.encode(), monotonic(), record[1:])])
