"""Response bodies, read chunk by chunk: decompression, detection of truncated bodies, and the permit of the call."""

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
"""Maximum size in bytes of a decompressed chunk. It bounds the memory that a decompression bomb can take."""
_GZIP = 16 + zlib.MAX_WBITS
_MAX_EMPTY_BYTES = 1 << 20
"""Maximum number of received bytes without content: empty gzip members, or bytes after the compressed body."""
_MAGIC = b"\x1f"
"""First byte of each member of a gzip body."""
_BOM = b"\xef\xbb\xbf"
"""Byte order mark, which some writers put before UTF-8."""
_ENCODINGS = frozenset({"gzip", "deflate", "compress", "br", "zstd", "dcb", "dcz"})
"""Registered content encodings except identity. Requests accept only gzip."""
_COMPRESSED = ("gzip", "deflate")
"""Content encodings that can be decompressed."""
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def _get_encoding(response: Response) -> str:
    """Return the content encoding of a body; empty without one. Unknown names (utf-8) are ignored."""
    named = [
        each.strip().lower().removeprefix("x-") for each in response.headers.get("content-encoding", "").split(",")
    ]
    return ", ".join(each for each in named if each in _ENCODINGS)


class ResponseBody:
    """Body of an open response.

    Args:
        request: The request.
        response: The response.
        deadline: The deadline of the call.
    """

    def __init__(self, request: Request, response: Response, deadline: Deadline | None = None) -> None:
        self._response = response
        self._deadline = deadline
        self._description = f"{request.method} {request.url}"
        self._error_fields = {"method": request.method, "url": request.url}
        self._encoding = "" if response.status in _WITHOUT_BODY else _get_encoding(response)
        self._gzip = zlib.decompressobj(_GZIP)
        self._beginning: bytes | None = b""  # None once a byte order mark was removed or ruled out
        self._is_form_unknown = self._encoding == "deflate"  # until the first byte: zlib or raw
        self._compressed = b""
        self._max_input: int | None = None  # compressed bytes per step; halved to reach the byte that is corrupt
        self._has_pending_output = False  # whether zlib may hold output that it has not returned yet
        self.received = 0
        """Decompressed bytes read so far."""

    def read(self, until: Deadline | None = None) -> EffectGen[bytes]:
        """Return the next chunk; empty at the end.

        Args:
            until: When the whole body must have been received.

        Raises:
            APITimeoutError: The body is not complete at `until`.
            ResponseValidationError: The body has an encoding that was not requested.
            CorruptBodyError: The compressed body is corrupt.
            TruncatedBodyError: The compressed body is truncated.
        """
        chunk = yield from self._decode(until)
        while self._beginning is not None:
            self._beginning += chunk
            if chunk and len(self._beginning) < len(_BOM) and _BOM.startswith(self._beginning):
                chunk = yield from self._decode(until)
                continue
            ended = not chunk
            chunk, self._beginning = self._beginning.removeprefix(_BOM), None
            if not chunk and not ended:
                chunk = yield from self._decode(until)
        self.received += len(chunk)
        return chunk

    def _decode(self, until: Deadline | None) -> EffectGen[bytes]:
        if not self._encoding:
            chunk = yield from self._receive(until)
        elif self._encoding in _COMPRESSED:
            chunk = yield from self._inflate(until)
        else:
            message = f"{self._description}: the response has the encoding {self._encoding!r}, which was not requested"
            raise ResponseValidationError(message, **self._error_fields)
        return chunk

    def _inflate(self, until: Deadline | None) -> EffectGen[bytes]:
        empty = 0
        while True:
            if not self._compressed and not self._has_pending_output:
                self._compressed = yield from self._receive(until)
                if not self._compressed:
                    return self._finish()
                empty += len(self._compressed)
            if empty > _MAX_EMPTY_BYTES + len(self._compressed):
                message = f"{self._description}: the compressed body has no content in {empty} bytes"
                raise CorruptBodyError(message, offset=self.received, **self._error_fields)
            if not self._start_member():
                self._compressed = b""  # bytes after the compressed body are not content
                continue
            before, data = self._gzip.copy(), self._compressed[: self._max_input]
            try:
                chunk = self._gzip.decompress(data, MAX_CHUNK_BYTES)
            except zlib.error as error:
                if len(data) > 1:  # return what precedes the corrupt byte first, however the network split the body
                    self._gzip, self._max_input = before, len(data) // 2
                    continue
                message = f"{self._description}: the compressed body is corrupt after {self.received} bytes: {error}"
                raise CorruptBodyError(message, offset=self.received, **self._error_fields) from error
            self._compressed = (self._gzip.unused_data or self._gzip.unconsumed_tail) + self._compressed[len(data) :]
            self._has_pending_output = len(chunk) == MAX_CHUNK_BYTES and not self._gzip.eof
            if chunk:
                return chunk

    def _receive(self, until: Deadline | None) -> EffectGen[bytes]:
        if until is not None and until.remaining() <= 0:
            message = (
                f"{self._description}: the response was still incomplete after {until.seconds} s (Timeouts.response)"
            )
            raise APITimeoutError(message, sent=True, **self._error_fields)
        return (yield from ReadChunk(self._response, self._deadline))

    def _start_member(self) -> bool:
        """Start the next gzip member if the last one has ended; return False if the bytes do not start one."""
        if self._is_form_unknown:
            self._gzip, self._is_form_unknown = zlib.decompressobj(_get_window_bits(self._compressed[0])), False
        elif self._gzip.eof:
            if not self._compressed.startswith(_MAGIC):
                return False
            self._gzip = zlib.decompressobj(_GZIP)
        return True

    def _finish(self) -> bytes:
        """Return the empty chunk at the end of the body.

        Raises:
            TruncatedBodyError: The compressed body is incomplete.
        """
        if not self._gzip.eof:
            message = f"{self._description}: the compressed body was truncated after {self.received} bytes"
            raise TruncatedBodyError(message, offset=self.received, **self._error_fields)
        return b""


def _get_window_bits(first: int) -> int:
    """Return the `wbits` argument of zlib for "deflate": with a zlib header (standard) or raw (sent by some services).

    Args:
        first: The first byte. A zlib header starts with the method 8 and a window size of at most 7. A raw body starts
            so only if its first block is stored in a rare form.
    """
    return zlib.MAX_WBITS if first in range(0x08, 0x79, 0x10) else -zlib.MAX_WBITS


class PermitRevoked(Exception):  # noqa: N818 - not an error: the stream resumes with another permit
    """Another caller preempted the suspended stream and took its permit; the connection was closed."""


class OpenResponse:
    """Successful response whose body can be read. It holds a permit for its endpoint until it is closed."""

    def __init__(
        self, request: Request, response: Response, attempt: Attempt, permit: HeldPermit, deadline: Deadline | None
    ) -> None:
        self.request = request
        self.body = ResponseBody(request, response, deadline)
        self._response = response
        self._attempt = attempt
        self._permit = permit
        self._ended = False

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response, names in lower case."""
        return self._response.headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    def read(self, until: Deadline | None = None) -> EffectGen[bytes]:
        """Return the next chunk of the body; empty at the end. See `ResponseBody.read`."""
        chunk = yield from self.body.read(until)
        self._ended = not chunk
        return chunk

    def yield_items(self, items: Iterable[Any]) -> EffectGen[None]:
        """Yield items. Meanwhile other callers may take the permit.

        Raises:
            PermitRevoked: Another caller took it.
        """
        self._permit.suspend(self._response.abort)
        for item in items:
            yield from YieldItem(item)
        if not self._permit.resume():
            raise PermitRevoked

    def record_error(self, error: BaseException) -> None:
        """Report the error for which the response is closed."""
        is_failure = not isinstance(error, PermitRevoked | Cancelled)
        self._attempt.end(error if is_failure else None, self.body.received)

    def close(self) -> EffectGen[None]:
        """Return the connection and the permit."""
        try:
            if self._permit.resume():
                yield from CloseResponse(self._response)
        finally:
            self._permit.release(aborted=not self._ended)
            self._attempt.end(None, self.body.received)
