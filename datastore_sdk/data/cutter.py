"""Cuts the body of a time-series answer, one JSON array of records, into batches of records as its bytes arrive.

Where network chunks break is not promised, so the bytes at hand are cut at their last `}` and parsed as an array of
their own. If that parses, the cut was between two records: inside one, brackets or a string would still be open. If it
fails at the very end of the text, the `}` stood inside a record, and an earlier one is tried; if it fails before, the
body is damaged. At the end of the body the closing `]` must have come: no HTTP client notices a body that ended early
but cleanly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from datastore_sdk.data.decoding import Undecodable

R = TypeVar("R")

WINDOW = 1 << 16
"""How many bytes are parsed at a time: parsers are fastest on what fits the processor's cache."""
_BACK_OFFS = 16
"""How many earlier cuts are tried before more bytes are waited for, each twice as far back as the one before."""


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
        self._wanted = 0
        self._opening = b"["
        self.good = 0
        """How many bytes of the body are behind us, all of them sound."""

    def feed(self, piece: bytes) -> Iterator[list[R]]:
        """The batches that are whole with this piece.

        Raises:
            Undecodable: the body is not a JSON array of records; its `position` counts from the beginning of the body.
        """
        for start in range(0, len(piece), WINDOW):
            self._rest += piece[start : start + WINDOW]
            if len(self._rest) >= self._wanted and (batch := self._cut()):
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
        text = self._rest.lstrip()
        if not text or (text.rstrip() == b"]" and self._opening == b","):
            return None
        if not text.startswith(self._opening):
            raise self._damaged(f"expected {self._opening.decode()!r} or the end of the array, found {text[:1]!r}", 0)
        cut = text.rfind(b"}")
        for back_off in range(_BACK_OFFS):
            if cut < 0:
                break
            try:
                batch = self._decode(b"[" + text[1 : cut + 1] + b"]")
            except Undecodable as error:
                if not error.at_end:
                    raise self._damaged(error.reason, error.position) from None
                cut = _earlier(text, max(cut + 1 - (1 << back_off), 0))
            else:
                self.good += len(self._rest) - len(text) + cut + 1
                self._rest = text[cut + 1 :]
                self._opening = b","
                self._wanted = 0
                return batch
        self._wanted = 2 * len(self._rest)  # so that a long record is not parsed again with every window
        return None

    def _damaged(self, reason: str, position: int) -> Undecodable:
        space = len(self._rest) - len(self._rest.lstrip())
        return Undecodable(reason, self.good + space + position, at_end=False)


def _earlier(text: bytes, before: int) -> int:
    """The last place before another where a record may end, rather one that a comma follows; -1 where there is none."""
    likely = text.rfind(b"},", 0, before)
    return likely if likely >= 0 else text.rfind(b"}", 0, before)
