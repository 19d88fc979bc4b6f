"""Split the body of a time-series response, one JSON array of records, into batches of records as its bytes arrive.

Network chunks may break anywhere. So the bytes received are cut at a `}` near their end and decoded as an array of
their own. If decoding succeeds, the cut was between two records: inside one, brackets or a string would still be open.
If decoding fails at the very end of the text, the `}` was inside a record, and an earlier cut is tried. If it fails
before the end, the body is corrupt.

At the end of the body the closing `]` must have arrived: no HTTP client notices a body that ended early but cleanly.
Such a body is truncated, and can be resumed, if more bytes could have completed it. Otherwise it is corrupt. In both
cases all whole records before come first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from datastore_sdk.data.streaming.json_decoder import RecordDecodeError
from datastore_sdk.data.streaming.json_spans import find_records

B = TypeVar("B")

WINDOW_BYTES = 1 << 16
"""Number of bytes parsed at a time: parsers are fastest on text that fits the processor's cache."""
MAX_RECORD_BYTES = 1 << 26
"""Maximum size of a record in bytes."""
_SPACE = b" \t\n\r"
_AFTER_RECORD = _SPACE + b",]"
_NO_ARRAY = "expected a JSON array of records"


class TruncatedJsonError(Exception):
    """The body ended before the array was closed."""


class CorruptJsonError(Exception):
    """The body is not a JSON array of records.

    Args:
        offset: Offset in bytes at which the last whole record ends.
        reason: The error after it.
    """

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


class JsonArraySplitter(Generic[B]):
    """Turns chunks of a body into batches of records. Memory is bounded by a window and a record.

    Args:
        decode: Decodes a JSON array of records to a batch. It raises `RecordDecodeError` if the text is not one.
    """

    def __init__(self, decode: Callable[[bytes], B]) -> None:
        self._decode = decode
        self._remaining = b""
        self._pending: list[memoryview] = []  # chunks not yet joined: long records would be copied too often otherwise
        self._size = 0  # of both, in bytes
        self._min_size = 0
        self._opening = b"["
        self._separator = b""
        self._corrupt: CorruptJsonError | None = None
        self._last_end = 0
        self.consumed = 0
        """Number of bytes of the body decoded so far."""

    def feed(self, chunk: bytes) -> Iterator[B]:
        """Yield the batches that a chunk completes.

        Raises:
            CorruptJsonError: The body is not a JSON array of records.
        """
        view = memoryview(chunk)  # text is put together by join alone: each copy costs a tenth of the parsing
        for start in range(0, len(chunk), WINDOW_BYTES):
            window = view[start : start + WINDOW_BYTES]
            self._pending.append(window)
            self._size += len(window)
            if self._size >= self._min_size:
                yield from self._batches()

    def finish(self) -> Iterator[B]:
        """Yield the remaining records after the end of the body; mostly none.

        Raises:
            CorruptJsonError: The body is not a JSON array of records.
            TruncatedJsonError: The body ended before the array was closed.
        """
        yield from self._batches()
        if self._is_closed():
            return
        if self._can_continue(self._remaining):
            raise TruncatedJsonError
        yield self._decode_valid(_NO_ARRAY)
        if self._corrupt:
            raise self._corrupt

    def _batches(self) -> Iterator[B]:
        """Yield the records up to the last cut that succeeds, or up to the corruption."""
        if (batch := self._cut()) is not None:
            yield batch
        if self._corrupt:
            raise self._corrupt

    def _cut(self) -> B | None:
        remaining = b"".join([self._remaining, *self._pending])
        self._pending.clear()
        self._remaining = remaining.lstrip(_SPACE)
        self.consumed += len(remaining) - len(self._remaining)
        if self._remaining.startswith(self._opening):
            for end in self._find_cuts():
                try:
                    return self._decode_to(end)
                except RecordDecodeError as error:
                    if not error.at_end:
                        return self._decode_valid(error.reason)
        elif self._remaining and not self._is_closed():
            raise self._corruption(_NO_ARRAY)
        if self._size >= WINDOW_BYTES and not self._can_continue(self._remaining[:WINDOW_BYTES]):  # not a long record
            return self._decode_valid(_NO_ARRAY)
        if self._size >= MAX_RECORD_BYTES:
            raise self._corruption(f"a record is longer than {MAX_RECORD_BYTES >> 20} MB")
        self._min_size = min(2 * self._size, MAX_RECORD_BYTES)  # a long record is not parsed again with every window
        return None

    def _is_closed(self) -> bool:
        """Return whether all that is left is the end of the array."""
        end = self._remaining.strip(_SPACE)
        return end == b"]" if self._opening == b"," else end[:1] + end[1:].lstrip(_SPACE) == b"[]"

    def _find_cuts(self) -> Iterator[int]:
        """Yield where the last whole record may end, most likely places first.

        The records of a body are mostly separated by the same bytes, which values seldom hold.
        """
        text = self._remaining
        last = text.rfind(b"}") + 1
        if not last:
            return
        between = text.rfind(b"}" + self._separator + b"{") + 1 if self._separator else 0
        if between and text[last:].strip(_AFTER_RECORD):
            yield between
        yield last
        for _, end in deque(find_records(text), maxlen=1):
            yield end

    def _decode_to(self, end: int) -> B:
        """Decode the records up to a cut."""
        batch = self._decode(b"".join((b"[", memoryview(self._remaining)[1:end], b"]")))
        if self._opening == b",":
            self._separator = self._remaining[: self._remaining.index(b"{")]
        self._opening = b","
        self._remaining = self._remaining[end:]
        self._size = len(self._remaining)
        self._min_size = 0
        self.consumed += end
        self._last_end = self.consumed
        return batch

    def _decode_valid(self, reason: str) -> B:
        """Decode the whole records before the corruption.

        Raises:
            CorruptJsonError: The bytes hold no whole record.
        """
        valid = 0
        separator = self._opening
        for start, end in find_records(self._remaining):
            try:
                if self._remaining[valid:start].strip(_SPACE) != separator:
                    break
                self._decode(b"[" + self._remaining[start:end] + b"]")
            except RecordDecodeError:
                break
            valid, separator = end, b","
        if not valid:
            raise self._corruption(reason)
        batch = self._decode_to(valid)
        self._corrupt = self._corruption(reason)
        return batch

    def _can_continue(self, text: bytes) -> bool:
        """Return whether a text is a valid continuation of the records decoded so far."""
        from datastore_sdk.data.streaming.json_prefix import is_array_start  # rarely needed

        return is_array_start(b"[{}" + text if self._opening == b"," else text)

    def _corruption(self, reason: str) -> CorruptJsonError:
        return CorruptJsonError(self._last_end, reason)
