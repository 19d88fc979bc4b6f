"""A service with a fixed rate per connection, which can return any part of the time range."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from _bench.body import CHUNK, START, frame_chunks, records

RATE = 20.0
"""MB/s of a connection."""
_CHUNKS_AT_A_TIME = 4
_SEPARATOR = b", "


class Capped:
    """Records, one a second, that can be cut anywhere."""

    def __init__(self, count: int) -> None:
        content = bytearray()
        self._starts = array("Q")
        for record in records(count):
            self._starts.append(len(content))
            content += record + _SEPARATOR
        self._starts.append(len(content))
        self._content = bytes(content)

    def respond(self, target: str) -> Iterator[bytes]:
        """Yield the bytes sent after the headers, at the rate of the connection.

        Args:
            target: Path and query of the request.
        """
        query = parse_qs(urlsplit(target).query)
        last = len(self._starts) - 2
        first_record = max(_second(query["start_datetime"][0]) - START, 0)
        last_record = min(_second(query["end_datetime"][0]) - START, last)
        started = time.monotonic()
        sent = 0
        for part in self._parts(first_record, last_record):
            time.sleep(max(started + sent / (RATE * 1e6) - time.monotonic(), 0))
            sent += len(part)
            yield part
        yield frame_chunks([])

    def _parts(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the array of these records in chunks, several at a time."""
        yield _chunk(b"[")
        if first <= last:
            start, end = self._starts[first], self._starts[last + 1] - len(_SEPARATOR)
            for position in range(start, end, CHUNK * _CHUNKS_AT_A_TIME):
                stop = min(position + CHUNK * _CHUNKS_AT_A_TIME, end)
                yield b"".join(_chunk(self._content[at : min(at + CHUNK, stop)]) for at in range(position, stop, CHUNK))
        yield _chunk(b"]")


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def _second(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
