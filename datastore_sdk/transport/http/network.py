"""Network backend for httpcore: connections that keep to the timeouts of a request and can be cancelled."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from datastore_sdk._io.clock import monotonic
from datastore_sdk._io.fork_safety import drop_after_fork
from datastore_sdk.transport.http.cancellation import shut_down
from datastore_sdk.transport.http.transfer import Transfer, get_current_transfer

SocketOptions = Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]]

KEEP_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
"""Options of every socket: the system notices peers that are gone."""


class NetworkBackend(httpcore.NetworkBackend):
    """Connects to every address of a host in turn, and shares the time among them.

    The address that worked last comes first, so that a dead one costs its share once.
    """

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()
        self._latest: dict[tuple[str, int], str] = {}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host."""
        transfer = get_current_transfer()
        if transfer:
            transfer.begin_connection()
        seconds = timeout if transfer is None else transfer.seconds_left()
        deadline = None if seconds is None else monotonic() + seconds
        addresses = self._addresses(host, port)
        error: Exception | None = None
        for number, address in enumerate(addresses):
            if transfer and transfer.cancellation.ended:
                raise httpcore.ConnectError("cancelled")
            share = None if deadline is None else (deadline - monotonic()) / (len(addresses) - number)
            if share is not None and share <= 0:
                break
            try:
                stream = self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as raised:
                error = error or raised
                continue
            self._latest[host, port] = address
            return _Stream(stream)
        try:
            raise error or httpcore.ConnectTimeout("timed out")
        finally:
            del error  # it references this frame

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions | None = None
    ) -> httpcore.NetworkStream:
        """Connect to a Unix socket."""
        return self._backend.connect_unix_socket(path, timeout, socket_options)

    def sleep(self, seconds: float) -> None:
        """Sleep. httpcore does between retries of its own, which the SDK does not use."""
        self._backend.sleep(seconds)

    def _addresses(self, host: str, port: int) -> list[str]:
        addresses = resolve_host(host, port)
        latest = self._latest.get((host, port))
        return sorted(addresses, key=lambda address: address != latest)


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host, in the order of the system.

    Raises:
        httpcore.ConnectError: The host has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # an invalid host name is a UnicodeError
        raise httpcore.ConnectError(str(error)) from error
    return [*dict.fromkeys(str(address[0]) for *_, address in found)]


class _Stream(httpcore.NetworkStream):
    """A stream whose waits the current transfer limits.

    Args:
        stream: The stream of httpcore.
        is_nested: Whether it is TLS within TLS, which has no socket object.
    """

    def __init__(self, stream: httpcore.NetworkStream, *, is_nested: bool = False) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._is_nested = is_nested
        drop_after_fork(self._socket)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes; none at the end of the connection."""
        transfer = get_current_transfer()
        if transfer is None:
            return self._stream.read(max_bytes, timeout)
        seconds = self._seconds(transfer, httpcore.ReadTimeout, httpcore.ReadError)
        data = self._stream.read(max_bytes, seconds) if self._is_nested else self._receive(max_bytes, seconds)
        transfer.record_received()
        return data

    def _receive(self, max_bytes: int, seconds: float) -> bytes:
        """As httpcore, but the timeout is set only when it changes: that takes a call of the system."""
        try:
            if seconds != self._socket.gettimeout():
                self._socket.settimeout(seconds)  # fails if the connection was closed after a fork
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        transfer = get_current_transfer()
        if transfer is not None:
            timeout = self._seconds(transfer, httpcore.WriteTimeout, httpcore.WriteError)
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the stream with TLS over it."""
        transfer = get_current_transfer()
        if transfer is None:
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))
        timeout = self._seconds(transfer, httpcore.ConnectTimeout, httpcore.ConnectError)
        if isinstance(self._socket, ssl.SSLSocket):
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), is_nested=True)
        with self._socket.dup() as same:  # TLS replaces the socket object during the handshake
            transfer.cancellation.attach(lambda: shut_down(same))
            try:
                return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))
            finally:
                transfer.cancellation.detach()

    def get_extra_info(self, info: str) -> Any:
        """Return information about the connection."""
        return self._stream.get_extra_info(info)

    def _seconds(self, transfer: Transfer, late: type[Exception], lost: type[Exception]) -> float:
        """Return how long the next wait may take, which can be cancelled from now on."""
        transfer.cancellation.attach(self._interrupt)
        if transfer.cancellation.ended:  # cancelled before there was a connection to interrupt
            raise lost("cancelled")
        seconds = transfer.seconds_left()
        if seconds is None:
            raise late("timed out")
        return seconds

    def _interrupt(self) -> None:
        shut_down(self._socket)
