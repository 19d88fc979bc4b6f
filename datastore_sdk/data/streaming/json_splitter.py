"""Cuts the body of a time-series answer, one JSON array of records, into batches of records as its bytes arrive.

Where network chunks break is not promised, so the bytes at hand are cut at their last `}` and parsed as an array of
their own. If that parses, the cut was between two records: inside one, brackets or a string would still be open. If it
fails at the very end of the text, the `}` stood inside a record, and the end of the last whole record is looked for; if
it fails before, the body is damaged. At the end of the body the closing `]` must have come: no HTTP client notices a
body that ended early but cleanly.

Wherever the pieces break, the records before the damage come, and then the error names the first byte that is wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from datastore_sdk.data.streaming.json_decoder import UndecodableError
from datastore_sdk.data.streaming.json_scanner import records_in

B = TypeVar("B")

WINDOW = 1 << 16
"""How many bytes are parsed at a time: parsers are fastest on what fits the processor's cache."""
LONGEST = 1 << 26
"""The most bytes that a record may have."""
_SPACE = b" \t\n\r"


class TruncatedJsonError(Exception):
    """The body ended before the array was closed."""


class CorruptJsonError(Exception):
    """The body is not a JSON array of records."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position
        """The first byte of the body that is wrong, counted from 0."""
        self.reason = reason


class JsonArraySplitter(Generic[B]):
    """Turns pieces of a body into batches of records, in memory bounded by a window and a record.

    Args:
        decode: Reads a JSON array of records into a batch; raises `UndecodableError` where the text is none.
    """

    def __init__(self, decode: Callable[[bytes], B]) -> None:
        self._decode = decode
        self._rest = b""
        self._waiting: list[memoryview] = []  # what came since; long records would be copied too often otherwise
        self._size = 0  # of both
        self._wanted = 0
        self._opening = b"["
        self._corrupt: CorruptJsonError | None = None
        self.good = 0
        """How many bytes of the body are behind us, all of them sound."""

    def feed(self, piece: bytes) -> Iterator[B]:
        """The batches that are whole with this piece.

        Raises:
            Corrupt: The body is not a JSON array of records.
        """
        view = memoryview(piece)  # text is put together by join alone: each copy costs as much as a tenth of parsing
        for start in range(0, len(piece), WINDOW):
            window = view[start : start + WINDOW]
            self._waiting.append(window)
            self._size += len(window)
            if self._size >= self._wanted:
                yield from self._batches()

    def finish(self) -> Iterator[B]:
        """What is left, after the body's end; most often nothing.

        Raises:
            Corrupt: The body is not a JSON array of records.
            Truncated: The body ended before the array was closed.
        """
        yield from self._batches()
        if not self._closed():
            self._examine()
            raise TruncatedJsonError

    def _batches(self) -> Iterator[B]:
        """The records up to the last cut that can be made, or up to the damage."""
        if (batch := self._cut()) is not None:
            yield batch
        if self._corrupt:
            raise self._corrupt

    def _cut(self) -> B | None:
        rest = b"".join([self._rest, *self._waiting])
        self._waiting.clear()
        self._rest = rest.lstrip(_SPACE)
        self.good += len(rest) - len(self._rest)
        if self._rest.startswith(self._opening):
            for cut in _cuts(self._rest):
                try:
                    return self._taken(cut)
                except UndecodableError as error:
                    if not error.at_end:
                        return self._examine(error.reason)
        elif self._rest and not self._closed():
            self._examine()
        if self._size >= WINDOW:  # whatever it is, it must begin well
            self._examine(most=WINDOW)
        if self._size >= LONGEST:
            raise CorruptJsonError(self.good, f"a record is longer than {LONGEST >> 20} MB")
        self._wanted = min(2 * self._size, LONGEST)  # so that a long record is not parsed again with every window
        return None

    def _closed(self) -> bool:
        """Whether all that is left is the end of the array."""
        end = self._rest.strip(_SPACE)
        return end == b"]" if self._opening == b"," else end[:1] + end[1:].lstrip(_SPACE) == b"[]"

    def _taken(self, cut: int) -> B:
        """The records up to a cut."""
        batch = self._decode(b"".join((b"[", memoryview(self._rest)[1:cut], b"]")))
        self._rest = self._rest[cut:]
        self.good += cut
        self._size = len(self._rest)
        self._wanted = 0
        self._opening = b","
        return batch

    def _examine(self, refusal: str | None = None, most: int | None = None) -> B | None:
        """The records before what is wrong with the bytes at hand; None where nothing is.

        Args:
            refusal: Why they could not be decoded.
            most: How many of them are looked at.

        Raises:
            Corrupt: There are no records before it.
        """
        from datastore_sdk.data.streaming.damage import damage_in  # here, for it takes a while

        damage = damage_in(self._rest[:most], begun=self._opening == b",")
        if damage is None:
            if refusal is None:
                return None
            raise CorruptJsonError(self.good, refusal)
        corrupt = CorruptJsonError(self.good + damage.position, damage.reason)
        for _, end in deque(records_in(self._rest[: damage.position]), maxlen=1):
            self._corrupt = corrupt
            return self._taken(end)
        raise corrupt


def _cuts(text: bytes) -> Iterator[int]:
    """Where the last whole record may end: behind which braces, those that cost least to find first."""
    last = text.rfind(b"}")
    if last < 0:
        return
    yield last + 1
    likely = text.rfind(b"},", 0, last)
    if likely >= 0:
        yield likely + 1
    for _, end in deque(records_in(text), maxlen=1):
        yield end
