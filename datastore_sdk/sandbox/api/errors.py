"""Error responses."""

from __future__ import annotations

from collections.abc import Mapping


class RequestError(Exception):
    """A request that gets an error response.

    Args:
        status: The HTTP status.
        body: Body of the response.
        headers: Additional headers of the response.
    """

    def __init__(self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def build_unauthorized(detail: str) -> RequestError:
    """Build a 401: there is no token, or it is invalid."""
    return RequestError(401, {"detail": detail}, {"WWW-Authenticate": 'Bearer realm="api"'})


def build_forbidden() -> RequestError:
    """Build a 403: the client has no access."""
    return RequestError(403, {"detail": "You do not have permission to perform this action."})


def build_not_found() -> RequestError:
    """Build a 404: the object does not exist."""
    return RequestError(404, {"detail": "Not found."})


def build_bad_request(**messages: str) -> RequestError:
    """Build a 400: the errors by parameter or key."""
    return RequestError(400, {name: [message] for name, message in messages.items()})


def build_method_not_allowed(method: str, allowed: str) -> RequestError:
    """Build a 405: the endpoint does not have this method."""
    return RequestError(405, {"detail": f'Method "{method}" not allowed.'}, {"Allow": allowed})


def build_throttled(seconds: int) -> RequestError:
    """Build a 429: too many concurrent calls."""
    detail = f"Request was throttled. Expected available in {seconds} second{'s' if seconds != 1 else ''}."
    return RequestError(429, {"detail": detail}, {"Retry-After": str(seconds)})
