"""The way to the service: names, connections, certificates."""

from __future__ import annotations

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit

from datastore_sdk._io.connection_settings import ConnectionSettings
from datastore_sdk.cli.checks.result import CheckResult, good, skipped, warning, wrong
from datastore_sdk.transport.http.errors import PROXY_AUTHENTICATION
from datastore_sdk.transport.http.tls import build_tls_context

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_DAY: Final = 86_400
_SOON_DAYS: Final = 14
_ADVICE: Final = {
    10: "whoever runs the service must renew it; look at the clock of this machine too",
    9: "look at the clock of this machine: the certificate is not valid yet",
    62: "the certificate is another host's: look at RESTREAM_HOST, or at what stands between here and there",
}
"""What to do about a certificate, by OpenSSL's code of what is wrong with it."""
_UNKNOWN_AUTHORITY: Final = (
    "the authority that signed it is not known here. Many companies have an intercepting proxy, which decrypts what "
    "passes and shows certificates that the company signs itself: ask for the company's CA certificate (a PEM file), "
    "and set SSL_CERT_FILE to that file, or pass verify="
)
_PROXY_ADVICE: Final = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: PROXY_AUTHENTICATION,
    HTTPStatus.FORBIDDEN: "the proxy lets nobody through to this host: ask whoever runs it, or look at RESTREAM_HOST",
}


def way_to(base_url: str, connection: ConnectionSettings, seconds: float) -> Iterator[CheckResult]:
    """Finds out how far one gets towards the service; the first thing that is wrong ends it.

    Args:
        base_url: Scheme and host.
        connection: How the SDK makes connections.
        seconds: How long to wait for each answer.
    """
    url, what = urlsplit(connection.proxy or base_url), "proxy" if connection.proxy else "host"
    setting = "HTTPS_PROXY, or proxy=," if connection.proxy else "RESTREAM_HOST"
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = f"look whether {setting} is written correctly, and whether this machine has a network (a VPN?)"
        yield wrong("name", f"the name of the {what}, {host}, is not known: {error.strerror or error}", advice)
        return
    addresses = sorted({str(address[0]) for *_, address in found})
    yield good("name", f"{host} is {', '.join(addresses)}", addresses=addresses)
    started = time.monotonic()
    try:
        wire = socket.create_connection((host, port), seconds)
    except TimeoutError:
        advice = "a firewall may be in the way; where a proxy is needed, set HTTPS_PROXY"
        yield wrong("connection", f"no connection to the {what} {host}, port {port}, within {seconds:g} s", advice)
        return
    except OSError as error:
        advice = f"look whether {setting} is right, and whether something listens there (the service is {base_url})"
        yield wrong("connection", f"no connection to the {what} {host}, port {port}: {error.strerror or error}", advice)
        return
    with wire:
        took = f"{(time.monotonic() - started) * 1000:.0f} ms"
        yield good("connection", f"{what} {host}, port {port}, in {took}", proxy=bool(connection.proxy))
        if not base_url.startswith("https:"):
            yield skipped("TLS", "the connection is not encrypted: http")
        elif not connection.proxy:
            yield _certificate(wire, host, connection, seconds)
        elif url.scheme != "http":
            yield skipped("TLS", f"not looked at through a proxy of the kind {url.scheme}; the call below goes there")
    if url.scheme == "http" and connection.proxy and base_url.startswith("https:"):
        yield _through_proxy(urlsplit(base_url), url, connection, seconds)


def _through_proxy(
    service: SplitResult, proxy: SplitResult, connection: ConnectionSettings, seconds: float
) -> CheckResult:
    """Looks at the certificate that comes through a tunnel of the proxy."""
    host = service.hostname or ""
    headers: dict[str, str] = {}
    if proxy.username is not None:
        user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    tunnel = HTTPConnection(proxy.hostname or "", proxy.port or _PORTS["http"], timeout=seconds)
    tunnel.set_tunnel(host, service.port or _PORTS["https"], headers)
    with closing(tunnel):
        try:
            tunnel.connect()
        except OSError as error:
            status = next((each for each in _PROXY_ADVICE if f" {each:d} " in f"{error} "), None)
            advice = _PROXY_ADVICE[status] if status else "see what the proxy says; it may not reach the service itself"
            return wrong("TLS", f"the proxy opens no tunnel to {host}: {error}", advice)
        return _certificate(tunnel.sock, host, connection, seconds)


def _certificate(wire: socket.socket, host: str, connection: ConnectionSettings, seconds: float) -> CheckResult:
    context = build_tls_context(connection.verify)
    try:
        with context.wrap_socket(wire, server_hostname=host) as encrypted:
            return _valid(encrypted)
    except ssl.SSLCertVerificationError as error:
        advice = _ADVICE.get(error.verify_code, _UNKNOWN_AUTHORITY)
        return wrong("TLS", f"the certificate of {host} is not trusted: {error.verify_message}", advice)
    except TimeoutError:
        return wrong(
            "TLS", f"{host} says nothing for {seconds:g} s", "something else than the service may listen there"
        )
    except OSError as error:
        advice = "look whether the address should begin with http:// or has the wrong port"
        return wrong("TLS", f"{host} speaks no TLS that is understood here: {error}", advice)


def _valid(encrypted: ssl.SSLSocket) -> CheckResult:
    certificate = cast("dict[str, Any]", encrypted.getpeercert() or {})
    details = {"version": encrypted.version(), "cipher": (encrypted.cipher() or ("",))[0]}
    if not certificate:
        advice = "do not turn verification off (verify=False): anybody in between can read the token"
        return warning("TLS", "the certificate is not verified", advice, **details)
    valid = {name: certificate[name] for name in ("notBefore", "notAfter")}
    days = (ssl.cert_time_to_seconds(valid["notAfter"]) - time.time()) / _DAY
    message = f"{details['version']}, certificate valid until {valid['notAfter']}"
    if days < _SOON_DAYS:
        return warning("TLS", message, f"it must be renewed within {days:.0f} days", **details, **valid)
    return good("TLS", message, **details, **valid)
