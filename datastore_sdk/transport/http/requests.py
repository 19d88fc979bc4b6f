"""Requests and answers: over channels of our own where they will do, else over httpx."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from datastore_sdk.transport.connection import Connection
from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.pool import Pool
from datastore_sdk.transport.http.proxies import http_proxy

if TYPE_CHECKING:
    import ssl


class Sender(Protocol):
    """Sends requests."""

    def open(self, request: Request, line: Line, seconds: float | None = None) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        ...

    def close(self) -> None:
        """Closes the connections that are not in use. Others can be made still."""
        ...


class Http:
    """Blocking requests.

    Args:
        connection: How connections are made. An httpx client of the user's is never closed here.
    """

    def __init__(self, connection: Connection) -> None:
        self._sender = _sender(connection)

    def open(self, request: Request, line: Line, seconds: float | None = None) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        return self._sender.open(request, line, seconds)

    def close(self) -> None:
        """Closes the connections that are not in use. Others can be made still."""
        self._sender.close()


@contextmanager
def httpx_only() -> Generator[None]:
    """Within it new connections are all made over httpx, where tools that record calls can see them."""
    global _httpx_only  # noqa: PLW0603 - as those tools hold for the whole process
    before, _httpx_only = _httpx_only, True
    try:
        yield
    finally:
        _httpx_only = before


_httpx_only = False


def _sender(connection: Connection) -> Sender:
    proxy = http_proxy(connection.proxy) if connection.proxy else None
    known = proxy is not None or not connection.proxy
    if known and connection.http is None and not _httpx_only:
        return Pool(lambda: _tls_context(connection), proxy)
    from datastore_sdk.transport.http.over_httpx import HttpxSender

    return HttpxSender(connection)


def _tls_context(connection: Connection) -> ssl.SSLContext:
    from datastore_sdk.transport.http.tls import tls_context  # here, for it takes long

    return tls_context(connection.context())
