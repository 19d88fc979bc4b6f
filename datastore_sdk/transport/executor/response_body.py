"""Reads an answer's body piece by piece, decompressed; notices a gzip stream that was cut."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.effects import Cancelled, CloseResponse, EffectGen, ReadChunk, Request, Response, YieldItem
from datastore_sdk.exceptions import APITimeoutError, CorruptBodyError, ResponseValidationError, TruncatedBodyError
from datastore_sdk.transport.executor.call import Attempt
from datastore_sdk.transport.executor.concurrency import HeldPermit

MAX_CHUNK_BYTES = 1 << 20
"""The most that one piece of compressed body is decompressed to at a time, in bytes; bounds memory against bombs."""
_GZIP = 16 + zlib.MAX_WBITS
_MOST_OF_NOTHING = 1 << 20
"""How many bytes may come that hold no content: compressed nothing, or something behind the compressed body."""
_MAGIC = b"\x1f"
"""How each member of a gzip body begins."""
_BOM = b"\xef\xbb\xbf"
"""A byte order mark, with which some writers of UTF-8 begin."""
_ENCODINGS = frozenset({"gzip", "deflate", "compress", "br", "zstd", "dcb", "dcz"})
"""Those that are registered, but for identity. Of them gzip alone is asked for."""
_COMPRESSED = ("gzip", "deflate")
"""Those that are understood."""
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def _encoding(answer: Response) -> str:
    """Return how a body is encoded; nothing if it is not. What is no encoding (utf-8) is passed over, as elsewhere."""
    named = [each.strip().lower().removeprefix("x-") for each in answer.headers.get("content-encoding", "").split(",")]
    return ", ".join(each for each in named if each in _ENCODINGS)


class ResponseBody:
    """The body of an open answer."""

    def __init__(self, request: Request, answer: Response, deadline: Deadline | None = None) -> None:
        self._answer = answer
        self._deadline = deadline
        self._what = f"{request.method} {request.url}"
        self._details = {"method": request.method, "url": request.url}
        self._encoding = "" if answer.status in _WITHOUT_BODY else _encoding(answer)
        self._gzip = zlib.decompressobj(_GZIP)
        self._beginning: bytes | None = b""  # as long as it may be a byte order mark
        self._deflated = self._encoding == "deflate"  # as long as it is not known in which of the two forms
        self._compressed = b""
        self._at_a_time: int | None = None  # how many compressed bytes are taken; fewer and fewer before a damaged one
        self._more = False  # whether zlib may hold output that it has not handed out yet
        self.received = 0
        """Bytes read so far, decompressed."""

    def read(self, until: Deadline | None = None) -> EffectGen[bytes]:
        """The next piece; empty at the end.

        Raises:
            APITimeoutError: The body is not complete at `until`.
            ResponseValidationError: the body is in an encoding that was not asked for.
            CorruptBodyError: the compressed body is damaged.
            TruncatedBodyError: the compressed body ends too early.
        """
        piece = yield from self._decoded(until)
        while self._beginning is not None:
            self._beginning += piece
            if piece and len(self._beginning) < len(_BOM) and _BOM.startswith(self._beginning):
                piece = yield from self._decoded(until)
                continue
            ended = not piece
            piece, self._beginning = self._beginning.removeprefix(_BOM), None
            if not piece and not ended:
                piece = yield from self._decoded(until)
        self.received += len(piece)
        return piece

    def _decoded(self, until: Deadline | None) -> EffectGen[bytes]:
        if not self._encoding:
            piece = yield from self._receive(until)
        elif self._encoding in _COMPRESSED:
            piece = yield from self._inflated(until)
        else:
            message = f"{self._what} answered in the encoding {self._encoding!r}, which was not asked for"
            raise ResponseValidationError(message, **self._details)
        return piece

    def _inflated(self, until: Deadline | None) -> EffectGen[bytes]:
        empty = 0
        while True:
            if not self._compressed and not self._more:
                self._compressed = yield from self._receive(until)
                if not self._compressed:
                    return self._end()
                empty += len(self._compressed)
            if empty > _MOST_OF_NOTHING + len(self._compressed):
                message = f"{self._what}: the compressed body holds nothing for {empty} bytes"
                raise CorruptBodyError(message, offset=self.received, **self._details)
            if not self._is_begun():
                self._compressed = b""  # whatever it is, it is no content
                continue
            before, taken = self._gzip.copy(), self._compressed[: self._at_a_time]
            try:
                piece = self._gzip.decompress(taken, MAX_CHUNK_BYTES)
            except zlib.error as error:
                if len(taken) > 1:  # what it holds before the damage comes first, wherever the network cut the body
                    self._gzip, self._at_a_time = before, len(taken) // 2
                    continue
                message = (
                    f"{self._what}: the compressed body is damaged after {self.received} bytes of content: {error}"
                )
                raise CorruptBodyError(message, offset=self.received, **self._details) from error
            self._compressed = (self._gzip.unused_data or self._gzip.unconsumed_tail) + self._compressed[len(taken) :]
            self._more = len(piece) == MAX_CHUNK_BYTES and not self._gzip.eof
            if piece:
                return piece

    def _receive(self, until: Deadline | None) -> EffectGen[bytes]:
        if until is not None and until.remaining() <= 0:
            message = f"{self._what} was still answering after {until.seconds} s (Timeouts.response)"
            raise APITimeoutError(message, sent=True, **self._details)
        return (yield from ReadChunk(self._answer, self._deadline))

    def _is_begun(self) -> bool:
        """Begins with another compressed stream where one must begin; False where none does."""
        if self._deflated:
            self._gzip, self._deflated = zlib.decompressobj(_window(self._compressed[0])), False
        elif self._gzip.eof:
            if not self._compressed.startswith(_MAGIC):
                return False
            self._gzip = zlib.decompressobj(_GZIP)
        return True

    def _end(self) -> bytes:
        """Nothing, where the compressed body may end here."""
        if not self._gzip.eof:
            message = f"{self._what}: the compressed body broke off after {self.received} bytes of content"
            raise TruncatedBodyError(message, offset=self.received, **self._details)
        return b""


def _window(first: int) -> int:
    """How zlib is to read "deflate": with its own header, as the standard says, or bare, as some services send it.

    Args:
        first: The first byte. The header begins with the method, 8, and a size of at most 7, which a bare body does
            only where its first block is stored in a rare form.
    """
    return zlib.MAX_WBITS if first in range(0x08, 0x79, 0x10) else -zlib.MAX_WBITS


class PermitRevoked(Exception):  # noqa: N818 - not an error: the stream is asked to go on in another slot
    """The slot was taken while its holder rested, and the answer was dropped."""


class OpenResponse:
    """A call whose answer is a success and open to be read. Holds one of the endpoint's slots until it is closed."""

    def __init__(
        self, request: Request, answer: Response, attempt: Attempt, lease: HeldPermit, deadline: Deadline | None
    ) -> None:
        self.request = request
        self.body = ResponseBody(request, answer, deadline)
        self._answer = answer
        self._attempt = attempt
        self._lease = lease
        self._ended = False

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response, names in lower case."""
        return self._answer.headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status

    def read(self, until: Deadline | None = None) -> EffectGen[bytes]:
        """The next piece of the body; empty at its end."""
        piece = yield from self.body.read(until)
        self._ended = not piece
        return piece

    def yield_items(self, items: Iterable[Any]) -> EffectGen[None]:
        """Hands items over. Meanwhile the slot may be taken by others.

        Raises:
            PermitRevoked: it was.
        """
        self._lease.suspend(self._answer.abort)
        for item in items:
            yield from YieldItem(item)
        if not self._lease.resume():
            raise PermitRevoked

    def record_error(self, error: BaseException) -> None:
        """The answer is given up because of an error."""
        given_up = isinstance(error, PermitRevoked | Cancelled)
        self._attempt.end(None if given_up else error, self.body.received)

    def close(self) -> EffectGen[None]:
        """Gives connection and slot back."""
        try:
            if self._lease.resume():
                yield from CloseResponse(self._answer)
        finally:
            self._lease.release(dropped=not self._ended)
            self._attempt.end(None, self.body.received)
