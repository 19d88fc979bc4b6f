"""Takes the chunked framing off a body, many chunks at a time.

A service may send each record in an HTTP chunk of its own. HTTP libraries then spend microseconds on each chunk, which
is more than the record itself costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

_LONGEST_LINE = 1 << 12
_LONGEST_TRAILERS = 1 << 16
_LINE_BREAK = b"\r\n"
_DIGITS = b"0123456789abcdefABCDEF"


class ChunkedError(Exception):
    """The framing is broken, or the connection was closed before the last chunk."""


def unchunked(read: Callable[[], bytes]) -> Iterator[bytes]:
    """The content of a chunked body, in as large pieces as come.

    Args:
        read: Gives the next bytes of the connection; none when it was closed.

    Raises:
        ChunkedError: The body is not whole.
    """
    framing = _Framing()
    while not framing.ended:
        received = read()
        if not received:
            raise ChunkedError("the connection was closed before the body's end")
        if content := framing.content_of(received):
            yield content


class _Framing:
    """Where in the framing we are."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0  # bytes of the present chunk that have not come yet
        self._closing = False  # whether the line break behind a chunk is still to come
        self._trailing = False  # whether the last chunk has come, and only trailers are left
        self._trailers = 0  # how many bytes of them came
        self.ended = False

    def content_of(self, received: bytes) -> bytes:
        """The content in some more bytes of the body."""
        data = self._rest + received
        contents: list[bytes] = []
        at, size = 0, len(data)
        while at < size and not self.ended:
            if not (self._left or self._closing or self._trailing):
                at = self._whole_chunks(data, at, contents)
            if self._left:
                content = data[at : at + self._left]
                contents.append(content)
                at += len(content)
                self._left -= len(content)
                self._closing = not self._left
                continue
            end = data.find(_LINE_BREAK, at, at + _LONGEST_LINE)
            if end < 0:
                break
            self._line(data[at:end])
            at = end + 2
        self._rest = data[at:]
        if len(self._rest) > _LONGEST_LINE:
            raise ChunkedError("a line of the framing does not end")
        return b"".join(contents)

    @staticmethod
    def _whole_chunks(data: bytes, at: int, contents: list[bytes]) -> int:
        """Takes the chunks that lie whole in the data; comes back with where the first other thing begins.

        Most chunks do, so they are gone through with as little as Python can do for each.
        """
        find, add = data.find, contents.append
        while (end := find(_LINE_BREAK, at, at + _LONGEST_LINE)) > 0:
            try:
                stop = end + 2 + int(data[at:end], 16)
            except ValueError:  # an extension, or no size
                break
            if stop == end + 2 or data[stop : stop + 2] != _LINE_BREAK:
                break
            add(data[end + 2 : stop])
            at = stop + 2
        return at

    def _line(self, line: bytes) -> None:
        if self._closing:
            if line:
                raise ChunkedError("a chunk is longer than it says")
            self._closing = False
        elif self._trailing:
            self.ended = not line
            self._trailers += len(line)
            if self._trailers > _LONGEST_TRAILERS:
                raise ChunkedError("the trailers do not end")
        else:
            digits = line.partition(b";")[0].rstrip(b" \t")
            if not digits or digits.strip(_DIGITS):  # int() takes more: a sign, a prefix, underscores
                raise ChunkedError("a chunk does not tell its size")
            self._left = int(digits, 16)
            self._trailing = not self._left
