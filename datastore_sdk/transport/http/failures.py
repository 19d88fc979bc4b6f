"""Requests that came to nothing, as errors of our tree."""

from __future__ import annotations

from datastore_sdk.exceptions import CallTimeoutError, NoConnectionError
from datastore_sdk.transport.effects import Request
from datastore_sdk.transport.mask import Mask, printable


def failure(
    error: Exception, request: Request, *, late: bool, sent: bool, way: str = ""
) -> NoConnectionError | CallTimeoutError:
    """What an error of the network means for a request.

    Args:
        error: The error.
        request: What was asked.
        late: Whether something was waited for too long.
        sent: Whether the service may have got the request.
        way: What it was to go through.
    """
    reason = printable(Mask(request).hide(str(error) or type(error).__name__)).strip()
    reason += f" (through the proxy {way})" if way else ""
    what = f"{request.method} {request.url}"
    if late:
        message = f"{what} was not answered in time: {reason}"
        return CallTimeoutError(message, method=request.method, url=request.url, sent=sent)
    message = f"{what}: the connection was lost: {reason}" if sent else f"{what}: the service was not reached: {reason}"
    return NoConnectionError(message, method=request.method, url=request.url, sent=sent)
