"""Connections for httpx by way of urllib3, which reads a long body several times faster than httpx's own.

Only proxies are left to httpx's own transport.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import urllib3

from datastore_sdk.transport.chunks import ChunkedError, unchunked

_AT_A_TIME = 1 << 17
"""How many bytes are read at a time."""


class PoolTransport(httpx.BaseTransport):
    """Pooled connections, one for each call under way."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._pool = urllib3.PoolManager(
            ssl_context=context,
            maxsize=20,
            retries=False,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)],
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request and reads status and headers of its answer."""
        timeout: dict[str, float | None] = request.extensions.get("timeout", {})
        try:
            response = self._pool.urlopen(
                request.method,
                str(request.url),
                body=request.read() or None,
                headers=dict(request.headers),
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=timeout.get("connect"), read=timeout.get("read")),
            )
        except urllib3.exceptions.HTTPError as error:
            raise _translated(error) from error
        return httpx.Response(
            response.status,
            headers=list(response.headers.items()),
            stream=_Body(response, timeout),
            extensions={"shutdown": response.shutdown},
        )

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: urllib3.BaseHTTPResponse, timeout: dict[str, float | None]) -> None:
        self._response: Any = response
        self._timeout = timeout

    def __iter__(self) -> Iterator[bytes]:
        # There is none where there is no body, or where the server closes it at the end of the body.
        if sock := getattr(self._response.connection, "sock", None):
            sock.settimeout(self._timeout.get("read"))
        try:
            if self._response.chunked:
                yield from self._unchunked()
            else:
                yield from self._response.stream(_AT_A_TIME, decode_content=False)
        except ChunkedError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout("no bytes came in time") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise _translated(error) from error

    def _unchunked(self) -> Iterator[bytes]:
        """Reads past urllib3, on the connection itself, and hands the connection back as urllib3 would."""
        original = self._response._original_response  # noqa: SLF001 - urllib3 shows it nowhere else
        yield from unchunked(lambda: original.fp.read1(_AT_A_TIME))
        original.close()
        self._response.release_conn()

    def close(self) -> None:
        """Drops the connection, unless the body was read to its end and the connection given back."""
        self._response.close()


def _translated(error: urllib3.exceptions.HTTPError) -> httpx.TransportError:
    match error:
        case urllib3.exceptions.NewConnectionError() | urllib3.exceptions.SSLError():  # the former is also the next
            return httpx.ConnectError(str(error))
        case urllib3.exceptions.ConnectTimeoutError():
            return httpx.ConnectTimeout(str(error))
        case urllib3.exceptions.ReadTimeoutError():
            return httpx.ReadTimeout(str(error))
        case _:
            return httpx.RemoteProtocolError(str(error))
