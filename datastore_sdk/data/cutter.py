"""Cuts the body of a time-series answer, one JSON array of records, into batches of records as its bytes arrive.

Where network chunks break is not promised, so the bytes at hand are cut at their last `}` and parsed as an array of
their own. If that parses, the cut was between two records: inside one, brackets or a string would still be open. If it
fails at the very end of the text, the `}` stood inside a record, and the end of the last whole record is looked for; if
it fails before, the body is damaged. At the end of the body the closing `]` must have come: no HTTP client notices a
body that ended early but cleanly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from datastore_sdk.data.decoding import Undecodable
from datastore_sdk.data.scanning import records_in

R = TypeVar("R")

WINDOW = 1 << 16
"""How many bytes are parsed at a time: parsers are fastest on what fits the processor's cache."""
LONGEST = 1 << 26
"""The most bytes that a record may have."""


class Truncated(Exception):  # noqa: N818 - never leaves this package: the stream turns it into a TruncatedBodyError
    """The body ended before the array was closed."""


class Cutter(Generic[R]):
    """Turns pieces of a body into batches of records, in memory bounded by a window and a record.

    Args:
        decode: Reads a JSON array of records; raises `Undecodable` where the text is none.
    """

    def __init__(self, decode: Callable[[bytes], list[R]]) -> None:
        self._decode = decode
        self._rest = b""
        self._waiting: list[memoryview] = []  # what came since; long records would be copied too often otherwise
        self._size = 0  # of both
        self._wanted = 0
        self._opening = b"["
        self.good = 0
        """How many bytes of the body are behind us, all of them sound."""

    def feed(self, piece: bytes) -> Iterator[list[R]]:
        """The batches that are whole with this piece.

        Raises:
            Undecodable: the body is not a JSON array of records; its `position` counts from the beginning of the body.
        """
        view = memoryview(piece)  # text is put together by join alone: each copy costs as much as a tenth of parsing
        for start in range(0, len(piece), WINDOW):
            window = view[start : start + WINDOW]
            self._waiting.append(window)
            self._size += len(window)
            if self._size >= self._wanted and (batch := self._cut()):
                yield batch

    def finish(self) -> list[R]:
        """The last batch, after the body's end; most often empty.

        Raises:
            Truncated: the body ended before the array was closed.
            Undecodable: the body is not a JSON array of records.
        """
        batch = self._cut() or []
        end = self._rest.strip()
        inside = end.removeprefix(self._opening).lstrip()
        if inside == b"]" and (end == b"]" or self._opening == b"["):
            return batch
        if inside.startswith(b"]"):
            raise self._damaged("something else than the end of the body behind a record", 0)
        if end.startswith(self._opening) and end.endswith(b"]"):
            try:
                last = self._decode(b"[" + end[1:])
            except Undecodable as error:
                if not error.at_end:
                    raise self._damaged(error.reason, error.position) from None
            else:
                self.good += len(self._rest)
                return batch + last
        raise Truncated

    def _cut(self) -> list[R] | None:
        """The records up to the last cut that can be made; None where more bytes are needed."""
        self._rest = b"".join([self._rest, *self._waiting])
        self._waiting.clear()
        text = self._rest.lstrip()
        if text and not text.startswith(self._opening):
            if text.rstrip() == b"]" and self._opening == b",":
                return None
            raise self._damaged(f"expected {self._opening.decode()!r} or the end of the array, found {text[:1]!r}", 0)
        for cut in _cuts(text):
            try:
                batch = self._decode(b"".join((b"[", memoryview(text)[1 : cut + 1], b"]")))
            except Undecodable as error:
                if not error.at_end:
                    raise self._damaged(error.reason, error.position) from None
            else:
                self.good += len(self._rest) - len(text) + cut + 1
                self._rest = text[cut + 1 :]
                self._size = len(self._rest)
                self._opening = b","
                self._wanted = 0
                return batch
        if self._size >= LONGEST:
            raise self._damaged(f"a record is longer than {LONGEST >> 20} MB", 0)
        self._wanted = min(2 * self._size, LONGEST)  # so that a long record is not parsed again with every window
        return None

    def _damaged(self, reason: str, position: int) -> Undecodable:
        space = len(self._rest) - len(self._rest.lstrip())
        return Undecodable(reason, self.good + space + position, at_end=False)


def _cuts(text: bytes) -> Iterator[int]:
    """Where the last whole record may end: the places of braces, those that cost least to find first."""
    last = text.rfind(b"}")
    if last < 0:
        return
    yield last
    likely = text.rfind(b"},", 0, last)
    if likely >= 0:
        yield likely
    for _, end in deque(records_in(text), maxlen=1):
        yield end - 1
