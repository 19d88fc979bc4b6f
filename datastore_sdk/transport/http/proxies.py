"""Proxies, as URLs name them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from msgspec import Struct

_PORTS = {"http": 80, "https": 443}


class Proxy(Struct, frozen=True):
    """A proxy that is spoken to in HTTP, plainly or over TLS, and opens tunnels."""

    scheme: str
    host: str
    port: int
    headers: Mapping[str, str]
    """Who asks, where it wants to know."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Proxy({self})"  # without what the headers hold


def http_proxy(url: str) -> Proxy | None:
    """The proxy of a URL; None where it speaks something else (SOCKS)."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    headers: dict[str, str] = {}
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    return Proxy(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], headers)
