"""TCP connections, through a proxy where there is one."""

from __future__ import annotations

import socket
from base64 import b64encode
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, unquote, urlsplit

from datastore_sdk.exceptions import ConfigurationError

_PORT = 8080


def connected(host: str, port: int, *, proxy: str | None, seconds: float) -> socket.socket:
    """A connection to a host.

    Args:
        host: Name or address.
        port: Port.
        proxy: URL of a proxy; None: there is none.
        seconds: How long to wait.

    Raises:
        OSError: It could not be made.
        ConfigurationError: The proxy is of a kind that cannot be used.
    """
    if proxy is None:
        wire = socket.create_connection((host, port), seconds)
    else:
        wire = _tunnelled(urlsplit(proxy), host, port, seconds)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _tunnelled(proxy: SplitResult, host: str, port: int, seconds: float) -> socket.socket:
    if proxy.scheme != "http" or not proxy.hostname:
        raise ConfigurationError(
            f"live data can go through http:// proxies only, not {proxy.scheme}://{proxy.hostname}"
        )
    headers: dict[str, str] = {}
    if proxy.username is not None:
        user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    tunnel = HTTPConnection(proxy.hostname, proxy.port or _PORT, timeout=seconds)
    tunnel.set_tunnel(host, port, headers)
    try:
        tunnel.connect()
    except HTTPException as error:
        tunnel.close()
        raise ConnectionError(f"the proxy answered what is no HTTP: {error}") from error
    wire, tunnel.sock = tunnel.sock, None
    return wire
