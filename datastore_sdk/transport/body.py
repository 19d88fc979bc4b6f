"""Reads an answer's body piece by piece, decompressed; notices a gzip stream that was cut."""

from __future__ import annotations

import zlib

from datastore_sdk.exceptions import ContractError, CorruptBodyError, TruncatedBodyError
from datastore_sdk.transport.effects import Answer, Read, Request, Steps

PIECE = 1 << 20
"""The most that one piece of compressed body is decompressed to at a time, in bytes; bounds memory against bombs."""
_GZIP = 16 + zlib.MAX_WBITS


class Body:
    """The body of an open answer."""

    def __init__(self, request: Request, answer: Answer) -> None:
        self._answer = answer
        self._details = {"method": request.method, "url": request.url}
        self._encoding = answer.headers.get("content-encoding", "identity").lower()
        self._gzip = zlib.decompressobj(_GZIP)
        self._compressed = b""
        self._more = False  # whether zlib may hold output that it has not handed out yet
        self.received = 0
        """Bytes read so far, decompressed."""

    def read(self) -> Steps[bytes]:
        """The next piece; empty at the end.

        Raises:
            ContractError: the body is in an encoding that was not asked for.
            CorruptBodyError: the compressed body is damaged.
            TruncatedBodyError: the compressed body ends too early.
        """
        if self._encoding == "identity":
            piece = yield from Read(self._answer)
        elif self._encoding == "gzip":
            piece = yield from self._inflated()
        else:
            message = "{method} {url} answered in an encoding that was not asked for: ".format(**self._details)
            raise ContractError(message + self._encoding, **self._details)
        self.received += len(piece)
        return piece

    def _inflated(self) -> Steps[bytes]:
        gzip = self._gzip
        while not gzip.eof:
            if not self._compressed and not self._more:
                self._compressed = yield from Read(self._answer)
                if not self._compressed:
                    raise TruncatedBodyError(
                        f"the compressed body broke off after {self.received} bytes of content",
                        offset=self.received,
                        **self._details,
                    )
            try:
                piece = gzip.decompress(self._compressed, PIECE)
            except zlib.error as error:
                raise CorruptBodyError(
                    f"the compressed body is damaged after {self.received} bytes of content: {error}",
                    offset=self.received,
                    **self._details,
                ) from error
            self._compressed = gzip.unconsumed_tail
            self._more = len(piece) == PIECE
            if piece:
                return piece
        while (yield from Read(self._answer)):
            pass  # to the end of the answer, so that its connection can be used again
        return b""
