"""Connections that rooms go over: TCP, through a proxy where there is one, and TLS, also within that of a proxy."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from time import monotonic
from urllib.parse import urlsplit

from datastore_sdk.exceptions import ConfigurationError
from datastore_sdk.transport.forking import drop_after_fork
from datastore_sdk.transport.http.proxies import Proxy, http_proxy

_LONGEST_HEAD = 1 << 16
"""The most bytes of an answer, but for its body."""
AT_A_TIME = 1 << 19
"""How many bytes are read at a time: fewer cost more turns of the threads, more leave the processor's cache."""


class Wire:
    """A TCP connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def receive(self) -> bytes:
        """What has come; nothing where the other side has ended it."""
        return self.socket.recv(AT_A_TIME)

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        self.socket.sendall(data)

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()


class TlsWire(Wire):
    """TLS over a connection, which may be one over TLS itself.

    The library's TLS sockets can be neither nested nor, when their reading was ended, written to.
    """

    def __init__(self, below: Wire, context: ssl.SSLContext, host: str) -> None:
        super().__init__(below.socket)
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._shake_hands()

    def receive(self) -> bytes:
        """What has come; nothing where the other side has ended it."""
        while True:
            data, ended = self._decrypted()
            if data or ended or not self._more():
                return data

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        self._flush()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._more():
                    raise ConnectionError("it ended within the TLS handshake") from None
            except ssl.SSLError:
                self._flush()  # tells the other side why
                raise
            else:
                return self._flush()

    def _decrypted(self) -> tuple[bytes, bool]:
        """What there is to read, and whether the other side has said that it was the last."""
        pieces: list[bytes] = []
        try:
            while piece := self._tls.read(AT_A_TIME):
                pieces.append(piece)
            ended = True
        except ssl.SSLWantReadError:
            ended = False
        self._flush()
        return b"".join(pieces), ended

    def _more(self) -> bool:
        """Takes in more of what comes. TLS is not told of the end: what is left to say could not be said any more."""
        return bool(self._incoming.write(self._below.receive()))

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._below.send(data)


def connected(
    host: str, port: int, *, proxy: str | None, seconds: float, context: Callable[[], ssl.SSLContext]
) -> Wire:
    """A connection to a host.

    Args:
        host: Name or address.
        port: Port.
        proxy: URL of a proxy; None: there is none.
        seconds: How long to wait.
        context: Makes the context for TLS with the proxy, where it takes that.

    Raises:
        OSError: It could not be made.
        ConfigurationError: The proxy is of a kind that cannot be used.
    """
    if proxy is None:
        return _opened(host, port, seconds)
    way = http_proxy(proxy)
    if way is None:
        parts = urlsplit(proxy)
        raise ConfigurationError(
            f"live data can go through http:// and https:// proxies only, not {parts.scheme}://{parts.hostname}: name "
            "one of those (proxy, HTTPS_PROXY), or take the host out (NO_PROXY)"
        )
    wire = _opened(way.host, way.port, seconds)
    try:
        if way.scheme == "https":
            wire = TlsWire(wire, context(), way.host)
        _tunnel(wire, way, host, port, monotonic() + seconds)
    except (ssl.SSLError, EOFError) as error:
        wire.close()
        raise ConnectionError(f"the proxy {way.host}: {error}") from error
    except BaseException:
        wire.close()
        raise
    return wire


def _opened(host: str, port: int, seconds: float) -> Wire:
    connection = socket.create_connection((host, port), seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    drop_after_fork(connection)
    return Wire(connection)


def _tunnel(wire: Wire, proxy: Proxy, host: str, port: int, deadline: float) -> None:
    """Has a proxy open a tunnel."""
    target = f"[{host}]:{port}" if ":" in host else f"{host.encode('idna').decode()}:{port}"
    headers = {"Host": target, **proxy.headers}
    lines = [f"CONNECT {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    wire.send("\r\n".join([*lines, "", ""]).encode())
    head, _ = head_of(wire, deadline)
    version, _, answer = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    if not version.startswith("HTTP/"):
        raise ConnectionError(f"the proxy {proxy.host} answered what is no HTTP")
    if not answer.startswith("2"):
        raise ConnectionError(f"the proxy {proxy.host} opened no tunnel: {answer}")


def head_of(wire: Wire, deadline: float) -> tuple[bytes, bytes]:
    """The head of an answer, and what came after it.

    Raises:
        EOFError: It has no end.
        TimeoutError: It has not come in time.
    """
    received = b""
    while b"\r\n\r\n" not in received:
        if len(received) > _LONGEST_HEAD:
            raise EOFError("the head of the answer is too long")
        received += more_of(wire, deadline)
    head, end, rest = received.partition(b"\r\n\r\n")
    return head + end, rest


def more_of(wire: Wire, deadline: float) -> bytes:
    """More of an answer.

    Raises:
        EOFError: There is no more.
        TimeoutError: It has not come in time.
    """
    wire.socket.settimeout(max(0.001, deadline - monotonic()))
    data = wire.receive()
    if not data:
        raise EOFError("it ended within the answer")
    return data
