"""Channels to a server: straight or through a proxy, with TLS where that is spoken."""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from datastore_sdk.transport.forking import drop_after_fork
from datastore_sdk.transport.http.channels import Channel
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.proxies import Proxy

if TYPE_CHECKING:
    import ssl

Origin = tuple[str, str, int]
"""Scheme, host and port of a server."""
_LONGEST_HEAD = 1 << 16
"""The most bytes of an answer, but for its body."""


def connected(
    origin: Origin, *, proxy: Proxy | None, seconds: float, context: Callable[[], ssl.SSLContext], line: Line
) -> Channel:
    """A channel to a server.

    Args:
        origin: The server. Where its scheme is https, TLS is spoken with it.
        proxy: Opens a tunnel to it; None: there is none.
        seconds: How long to wait for all of it.
        context: Makes the context that TLS takes; called when it is needed, for it takes long.
        line: For hanging up meanwhile.

    Raises:
        OSError: It could not be made.
        UnicodeError: The name of the host cannot be one.
    """
    scheme, host, port = origin
    deadline = monotonic() + seconds
    connection = socket.create_connection((proxy.host, proxy.port) if proxy else (host, port), seconds)
    line.socket = lambda: connection
    channel = Channel(connection)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        drop_after_fork(connection)
        if proxy:
            if proxy.scheme == "https":
                channel = _secured(channel, proxy.host, context, deadline)
            _tunnel(channel, proxy, host, port, deadline)
        return _secured(channel, host, context, deadline) if scheme == "https" else channel
    except BaseException:
        channel.close()
        raise


def _secured(channel: Channel, host: str, context: Callable[[], ssl.SSLContext], deadline: float) -> Channel:
    from datastore_sdk.transport.http.tls_channel import TlsChannel  # here, for it takes long

    channel.wait_at_most(_left(deadline))
    return TlsChannel(channel, context(), host)


def _tunnel(channel: Channel, proxy: Proxy, host: str, port: int, deadline: float) -> None:
    """Has a proxy open a tunnel."""
    target = f"[{host}]:{port}" if ":" in host else f"{host.encode('idna').decode()}:{port}"
    headers = {"Host": target, **proxy.headers}
    lines = [f"CONNECT {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    channel.send("\r\n".join([*lines, "", ""]).encode())
    head, _ = head_of(channel, deadline)
    version, _, answer = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    if not version.startswith("HTTP/"):
        raise ConnectionError("what answered is no HTTP")
    if not answer.startswith("2"):
        raise ConnectionError(f"no tunnel was opened: {answer}")


def head_of(channel: Channel, deadline: float) -> tuple[bytes, bytes]:
    """The head of an answer, and what came after it.

    Raises:
        ConnectionError: It has no end.
        TimeoutError: It has not come in time.
    """
    received = b""
    while b"\r\n\r\n" not in received:
        if len(received) > _LONGEST_HEAD:
            raise ConnectionError("the head of the answer is too long")
        more = more_of(channel, deadline)
        if not more:
            raise ConnectionError("it ended within the answer")
        received += more
    head, end, rest = received.partition(b"\r\n\r\n")
    return head + end, rest


def more_of(channel: Channel, deadline: float) -> bytes:
    """More of an answer; nothing at the connection's end.

    Raises:
        TimeoutError: It has not come in time.
    """
    channel.wait_at_most(_left(deadline))
    return channel.receive()


def _left(deadline: float) -> float:
    return max(0.001, deadline - monotonic())
