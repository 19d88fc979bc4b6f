"""Clients whose requests never leave the process: everything except the sockets is real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from datastore_sdk import Client, RetryPolicy
from datastore_sdk._io.effects import Request, Response

Reply = tuple[int, dict[str, str], bytes]
"""Status, headers (names in lower case) and body of a response."""


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, _seconds: float | None = None) -> bytes:
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        self._body = b""


class _Http:
    def __init__(self, respond: Callable[[Request], Reply]) -> None:
        self._respond = respond

    def open(self, request: Request, *_: Any) -> Response:
        status, headers, body = self._respond(request)
        return Response(status, headers, _Body(body), lambda: None)


class _Connections:
    def __init__(self, respond: Callable[[Request], Reply]) -> None:
        self._http = _Http(respond)

    def http(self) -> _Http:
        return self._http

    def close(self) -> None:
        """There is nothing to close."""


def make_in_process_client(respond: Callable[[Request], Reply], **options: Any) -> Client:
    """Return a client whose responses come from a function."""
    options = {"base_url": "https://in-process.invalid", "retries": RetryPolicy(max_attempts=1), **options}
    client = Client("t0ken-in-process", **options)
    client._connections = _Connections(respond)  # type: ignore[assignment]
    return client


def path_of(request: Request) -> str:
    """Return the path of a request without the prefix of the API."""
    return urlsplit(request.url).path.removeprefix("/external/thirdparty/v1")
