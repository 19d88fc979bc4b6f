"""Bytes of HTTP responses, and handlers that send them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.support.fake_server import ClientConnection, Handler, HttpRequest

Reply = bytes | Handler
"""Response to send, or a handler to call instead."""

END = b"0\r\n\r\n"
"""The end of a chunked body."""


def head(status: int = 200, /, **headers: str | int) -> bytes:
    """Return status line and headers; underscores in names become hyphens."""
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def http_response(status: int = 200, body: Any = b"", /, **headers: str | int) -> bytes:
    """Return a complete response; a body that is not bytes is sent as JSON."""
    content: bytes = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, content_length=len(content), **headers) + content


def chunk(piece: bytes) -> bytes:
    """Return a chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def build_chunked_response(*pieces: bytes, **headers: str | int) -> bytes:
    """Return a complete response with a chunked body."""
    return head(200, transfer_encoding="chunked", **headers) + b"".join(map(chunk, pieces)) + END


def respond_always(reply: Reply) -> Handler:
    """Return a handler that sends the same reply to every request."""
    return lambda line, request: send_reply(reply, line, request)


def respond_in_turn(*replies: Reply) -> Handler:
    """Return a handler that sends the replies in order; more requests than replies fail the test."""
    waiting = list(replies)
    lock = threading.Lock()

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        with lock:
            assert waiting, f"unexpected request: {request.method} {request.target}"
            reply = waiting.pop(0)
        send_reply(reply, line, request)

    return handle


def respond_by_path(replies: dict[str, Reply]) -> Handler:
    """Return a handler that selects the reply by the end of the path."""

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        (reply,) = (reply for end, reply in replies.items() if request.path.endswith(end))
        send_reply(reply, line, request)

    return handle


def send_then(data: bytes, end: Callable[[ClientConnection], object]) -> Handler:
    """Return a handler that sends bytes, then ends the connection: `send_then(head(), ClientConnection.reset)`."""

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        line.send(data)
        end(line)

    return handle


def send_reply(reply: Reply, line: ClientConnection, request: HttpRequest) -> None:
    """Send a reply."""
    if callable(reply):
        reply(line, request)
    else:
        line.send(reply)
