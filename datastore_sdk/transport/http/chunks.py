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
_MOST_SIZES = 1 << 12
_SHORT = 1 << 10
"""The most bytes of a chunk that is better taken with others."""


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


class _Sizes(dict[bytes, int]):
    """What the first lines of chunks say, remembered: most chunks are as long as some other."""

    def __missing__(self, line: bytes) -> int:
        digits = line.partition(b";")[0].rstrip(b" \t")
        if not digits or digits.strip(_DIGITS):  # int() takes more: a sign, a prefix, underscores
            raise ChunkedError("a chunk does not tell its size")
        if len(self) >= _MOST_SIZES:
            self.clear()
        size = self[line] = int(digits, 16)
        return size


class _Framing:
    """Where in the framing we are."""

    def __init__(self) -> None:
        self._sizes = _Sizes()
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
        looked = False
        while at < size and not self.ended:
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
            if 0 < self._left <= _SHORT and not looked:
                looked = True  # once in a piece, so that the cost stays linear
                if taken := self._whole_chunks(data[at:], contents):
                    self._left = 0
                    at += taken
                    continue
            at = end + len(_LINE_BREAK)
        self._rest = data[at:]
        if len(self._rest) > _LONGEST_LINE:
            raise ChunkedError("a line of the framing does not end")
        return b"".join(contents)

    def _whole_chunks(self, data: bytes, contents: list[bytes]) -> int:
        """Takes the chunks that lie whole at the beginning of some data; how many bytes of it they are.

        Services that send short chunks send thousands, so they are taken all at once: if lines were sizes and contents
        in turn, each size must be that of the content behind it. Where a content holds line breaks of its own, it is
        not.
        """
        lines = data.split(_LINE_BREAK)
        end = (len(lines) - 1) // 2 * 2
        found, rest = lines[1:end:2], lines[end:]
        try:
            sizes = [*map(self._sizes.__getitem__, lines[:end:2])]
        except ChunkedError:
            return 0
        if sizes != [*map(len, found)] or 0 in sizes:
            return 0
        contents += found
        return len(data) - sum(map(len, rest)) - len(_LINE_BREAK) * (len(rest) - 1)

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
            self._left = self._sizes[line]
            self._trailing = not self._left
