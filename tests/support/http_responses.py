"""The bytes of HTTP answers, and handlers that send them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.support.fake_server import Handler, Line, Received

Reply = bytes | Handler
"""An answer to send, or what to do instead."""

END = b"0\r\n\r\n"
"""The end of a chunked body."""


def head(status: int = 200, /, **headers: str | int) -> bytes:
    """Status line and headers; an underscore in a name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(status: int = 200, body: Any = b"", /, **headers: str | int) -> bytes:
    """A whole answer; a body that is not bytes is sent as JSON."""
    content: bytes = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, content_length=len(content), **headers) + content


def chunk(piece: bytes) -> bytes:
    """A piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def chunked(*pieces: bytes, **headers: str | int) -> bytes:
    """A whole answer in chunks."""
    return head(200, transfer_encoding="chunked", **headers) + b"".join(map(chunk, pieces)) + END


def always(reply: Reply) -> Handler:
    """Answers every request alike."""
    return lambda line, request: give(reply, line, request)


def in_turn(*replies: Reply) -> Handler:
    """Answers the first request with the first reply, and so on; more requests than replies fail the test."""
    waiting = list(replies)
    lock = threading.Lock()

    def handle(line: Line, request: Received) -> None:
        with lock:
            assert waiting, f"one request too many: {request.method} {request.target}"
            reply = waiting.pop(0)
        give(reply, line, request)

    return handle


def by_path(replies: dict[str, Reply]) -> Handler:
    """Answers by the end of the path."""

    def handle(line: Line, request: Received) -> None:
        (reply,) = (reply for end, reply in replies.items() if request.path.endswith(end))
        give(reply, line, request)

    return handle


def then(data: bytes, end: Callable[[Line], object]) -> Handler:
    """Sends some bytes, then ends the connection in some way: `then(head(), Line.reset)`."""

    def handle(line: Line, _: Received) -> None:
        line.send(data)
        end(line)

    return handle


def give(reply: Reply, line: Line, request: Received) -> None:
    """Sends a reply."""
    if callable(reply):
        reply(line, request)
    else:
        line.send(reply)
