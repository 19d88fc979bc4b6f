"""TCP connections, through a proxy where there is one."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import unquote, urlsplit

from datastore_sdk.exceptions import ConfigurationError

_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is spoken to in plain HTTP, and opens tunnels."""

    host: str
    port: int
    headers: Mapping[str, str] = field(repr=False)
    """Who asks, where it wants to know."""

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


def http_proxy(url: str) -> Proxy | None:
    """The proxy of a URL; None where it is of another kind."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return None
    headers: dict[str, str] = {}
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    return Proxy(parts.hostname, parts.port or _PORT, headers)


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
    wire = _tunnelled(proxy, host, port, seconds) if proxy else socket.create_connection((host, port), seconds)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _tunnelled(url: str, host: str, port: int, seconds: float) -> socket.socket:
    proxy = http_proxy(url)
    if proxy is None:
        parts = urlsplit(url)
        raise ConfigurationError(
            f"live data can go through http:// proxies only, not {parts.scheme}://{parts.hostname}"
        )
    tunnel = HTTPConnection(proxy.host, proxy.port, timeout=seconds)
    tunnel.set_tunnel(host, port, proxy.headers)
    try:
        tunnel.connect()
    except HTTPException as error:
        tunnel.close()
        raise ConnectionError(f"the proxy answered what is no HTTP: {error}") from error
    wire, tunnel.sock = tunnel.sock, None
    return wire
