"""Errors of requests without a response."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import Any

import httpx

from datastore_sdk._io.effects import Request
from datastore_sdk._utils.redaction import Redactor, remove_control_characters
from datastore_sdk.exceptions import APIConnectionError, APITimeoutError
from datastore_sdk.transport.http.transfer import Transfer

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_CLOSED = ("Server disconnected", "peer closed connection")
"""How messages of h11 begin if the connection was closed, which it also reports as a protocol violation."""
PROXY_AUTHENTICATION = (
    "the proxy requires credentials: put user and password into its URL (http://user:password@host:port); for NTLM or "
    "Kerberos, see docs/proxies.md"
)


def convert_error(
    error: Exception, request: Request, transfer: Transfer | None = None, *, proxy: str | None = None
) -> APIConnectionError | APITimeoutError:
    """Return the error of the SDK for an error of httpx.

    Args:
        error: The error.
        request: The request.
        transfer: The transfer of the request.
        proxy: The URL of its proxy, without user and password.
    """
    sent = transfer.sent if transfer and transfer.traced else not isinstance(error, _NEVER_SENT)
    reason = str(error)
    if isinstance(error, httpx.TimeoutException):
        return timeout_error(transfer.describe_timeout() if transfer else reason, request, sent=sent, proxy=proxy)
    if isinstance(error, httpx.ProxyError) and (refusal := describe_proxy_refusal(reason)):
        return connection_error(refusal, request, sent=False, proxy=proxy, permanent=True)
    if isinstance(error, httpx.RemoteProtocolError) and not reason.startswith(_CLOSED):
        return protocol_error(reason, request)
    return connection_error(
        reason or type(error).__name__, request, sent=sent, proxy=proxy, permanent=is_certificate_error(error)
    )


def timeout_error(reason: str, request: Request, *, sent: bool, proxy: str | None = None) -> APITimeoutError:
    """Return the error of a request that took too long."""
    reason = _format_reason(reason, request, None if sent else proxy)
    message = f"{request.method} {request.url} timed out: {reason}"
    return APITimeoutError(message, method=request.method, url=request.url, sent=sent)


def connection_error(
    reason: str, request: Request, *, sent: bool, proxy: str | None = None, permanent: bool = False
) -> APIConnectionError:
    """Return the error of a request whose connection was not made, or was lost."""
    what = "the connection was lost" if sent else "the service was not reached"
    message = f"{request.method} {request.url}: {what}: {_format_reason(reason, request, None if sent else proxy)}"
    return APIConnectionError(message, method=request.method, url=request.url, sent=sent, permanent=permanent)


def protocol_error(reason: str, request: Request) -> APIConnectionError:
    """Return the error of a response that is not HTTP."""
    message = f"{request.method} {request.url}: the response is not valid HTTP: {_format_reason(reason, request)}"
    return APIConnectionError(message, method=request.method, url=request.url, sent=True)


def _format_reason(reason: str, request: Request, proxy: str | None = None) -> str:
    text = remove_control_characters(Redactor(request.secrets).redact(reason)).strip()
    return text if proxy is None else f"{text} (through the proxy {proxy})"


def describe_proxy_refusal(reason: str) -> str | None:
    """Return how a proxy refuses to open a tunnel, in words; None if it may open one later.

    Args:
        reason: Status and reason phrase of its response.
    """
    status = reason.split(" ", 1)[0]
    if not status.isdecimal():
        return None
    if int(status) == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"{reason}: {PROXY_AUTHENTICATION}"
    return reason if HTTPStatus.BAD_REQUEST <= int(status) < HTTPStatus.INTERNAL_SERVER_ERROR else None


def is_certificate_error(error: BaseException | None) -> bool:
    """Return whether an error was caused by an untrusted certificate."""
    seen: list[Any] = []
    while error is not None and error not in seen:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False
