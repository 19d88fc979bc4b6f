"""Network checks: name resolution, connection, certificate."""

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
from datastore_sdk.cli.checks.result import CheckResult, good, skip, warning, wrong
from datastore_sdk.transport.http.errors import PROXY_AUTHENTICATION
from datastore_sdk.transport.http.tls import build_tls_context

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_DAY_SECONDS: Final = 86_400
_RENEWAL_DAYS: Final = 14
_CERTIFICATE_ADVICE: Final = {
    10: "the operator of the service must renew it; check the clock of this machine too",
    9: "check the clock of this machine: the certificate is not valid yet",
    62: "the certificate is for another host: check RESTREAM_HOST, and proxies on the way",
}
"""Advice by OpenSSL's code of the certificate error."""
_UNKNOWN_AUTHORITY: Final = (
    "its authority is unknown on this machine. Many companies have an intercepting proxy, which decrypts traffic and "
    "presents certificates signed by the company: get the company's CA certificate (a PEM file), and set "
    "SSL_CERT_FILE to that file, or pass verify="
)
_PROXY_ADVICE: Final = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: PROXY_AUTHENTICATION,
    HTTPStatus.FORBIDDEN: "the proxy blocks this host: ask its administrator, or check RESTREAM_HOST",
}


def check_network(base_url: str, connection: ConnectionSettings, seconds: float) -> Iterator[CheckResult]:
    """Check the connection to the service, step by step, up to the first failure.

    Args:
        base_url: Scheme and host.
        connection: Connection settings of the SDK.
        seconds: Timeout of each step.
    """
    url, what = urlsplit(connection.proxy or base_url), "proxy" if connection.proxy else "host"
    setting = "HTTPS_PROXY, or proxy=," if connection.proxy else "RESTREAM_HOST"
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = f"check the spelling of {setting}, and the network of this machine (a VPN?)"
        yield wrong("name", f"the name of the {what}, {host}, cannot be resolved: {error.strerror or error}", advice)
        return
    addresses = sorted({str(address[0]) for *_, address in resolved})
    yield good("name", f"{host} is {', '.join(addresses)}", addresses=addresses)
    started = time.monotonic()
    try:
        connection_socket = socket.create_connection((host, port), seconds)
    except TimeoutError:
        advice = "a firewall may block the connection; if a proxy is needed, set HTTPS_PROXY"
        yield wrong("connection", f"no connection to the {what} {host}, port {port}, within {seconds:g} s", advice)
        return
    except OSError as error:
        advice = f"check {setting}, and whether a server listens there (the service is {base_url})"
        yield wrong("connection", f"no connection to the {what} {host}, port {port}: {error.strerror or error}", advice)
        return
    with connection_socket:
        duration = f"{(time.monotonic() - started) * 1000:.0f} ms"
        yield good("connection", f"{what} {host}, port {port}, in {duration}", proxy=bool(connection.proxy))
        if not base_url.startswith("https:"):
            yield skip("TLS", "the connection is not encrypted: http")
        elif not connection.proxy:
            yield _check_certificate(connection_socket, host, connection, seconds)
        elif url.scheme != "http":
            yield skip("TLS", f"not checked through a {url.scheme} proxy; the request below uses it")
    if url.scheme == "http" and connection.proxy and base_url.startswith("https:"):
        yield _check_proxy_tunnel(urlsplit(base_url), url, connection, seconds)


def _check_proxy_tunnel(
    service: SplitResult, proxy: SplitResult, connection: ConnectionSettings, seconds: float
) -> CheckResult:
    """Check the certificate through a tunnel of the proxy."""
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
            advice = _PROXY_ADVICE[status] if status else "see the message of the proxy; it may not reach the service"
            return wrong("TLS", f"the proxy opens no tunnel to {host}: {error}", advice)
        return _check_certificate(tunnel.sock, host, connection, seconds)


def _check_certificate(
    connection_socket: socket.socket, host: str, connection: ConnectionSettings, seconds: float
) -> CheckResult:
    context = build_tls_context(connection.verify)
    try:
        with context.wrap_socket(connection_socket, server_hostname=host) as encrypted:
            return _check_validity(encrypted)
    except ssl.SSLCertVerificationError as error:
        advice = _CERTIFICATE_ADVICE.get(error.verify_code, _UNKNOWN_AUTHORITY)
        return wrong("TLS", f"the certificate of {host} is not trusted: {error.verify_message}", advice)
    except TimeoutError:
        return wrong(
            "TLS", f"{host} sent nothing for {seconds:g} s", "another server than the service may listen there"
        )
    except OSError as error:
        advice = "check whether the URL should start with http:// or has the wrong port"
        return wrong("TLS", f"the TLS handshake with {host} failed: {error}", advice)


def _check_validity(encrypted: ssl.SSLSocket) -> CheckResult:
    certificate = cast("dict[str, Any]", encrypted.getpeercert() or {})
    details = {"version": encrypted.version(), "cipher": (encrypted.cipher() or ("",))[0]}
    if not certificate:
        advice = "do not disable verification (verify=False): anybody on the network can read the token"
        return warning("TLS", "the certificate is not verified", advice, **details)
    valid = {name: certificate[name] for name in ("notBefore", "notAfter")}
    days = (ssl.cert_time_to_seconds(valid["notAfter"]) - time.time()) / _DAY_SECONDS
    message = f"{details['version']}, certificate valid until {valid['notAfter']}"
    if days < _RENEWAL_DAYS:
        return warning("TLS", message, f"it must be renewed within {days:.0f} days", **details, **valid)
    return good("TLS", message, **details, **valid)
