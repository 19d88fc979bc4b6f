"""Answers that say what is wrong with a request."""

from __future__ import annotations

from collections.abc import Mapping


class RequestError(Exception):
    """A request that is answered with an error.

    Args:
        status: The HTTP status.
        body: What the answer says.
        headers: Further headers of the answer.
    """

    def __init__(self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def unauthorized(detail: str) -> RequestError:
    """401: there is no token, or it is not good."""
    return RequestError(401, {"detail": detail}, {"WWW-Authenticate": 'Bearer realm="api"'})


def forbidden() -> RequestError:
    """403: the client has no access."""
    return RequestError(403, {"detail": "You do not have permission to perform this action."})


def not_found() -> RequestError:
    """404: there is no such object."""
    return RequestError(404, {"detail": "Not found."})


def bad_request(**messages: str) -> RequestError:
    """400: by parameter or key, what is wrong with it."""
    return RequestError(400, {name: [message] for name, message in messages.items()})


def method_not_allowed(method: str, allowed: str) -> RequestError:
    """405: the endpoint has no such method."""
    return RequestError(405, {"detail": f'Method "{method}" not allowed.'}, {"Allow": allowed})


def throttled(seconds: int) -> RequestError:
    """429: too many calls at a time."""
    detail = f"Request was throttled. Expected available in {seconds} second{'s' if seconds != 1 else ''}."
    return RequestError(429, {"detail": detail}, {"Retry-After": str(seconds)})
