"""WebSocket connections from the server's side, byte by byte, so that they can misbehave."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from typing import Any

from tests.support.fake_server import ClientConnection, Handler, HttpRequest
from tests.support.http_responses import http_response

TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 0x1, 0x2, 0x0, 0x8, 0x9, 0xA
KEY = "0123456789abcdef" * 2

ConnectionHandler = Callable[[ClientConnection, HttpRequest], None]


def frame(content: bytes, opcode: int = TEXT, *, final: bool = True) -> bytes:
    """Return a server's frame."""
    length = len(content)
    if length < 126:
        size = bytes([length])
    elif length < 1 << 16:
        size = b"\x7e" + length.to_bytes(2)
    else:
        size = b"\x7f" + length.to_bytes(8)
    return bytes([final << 7 | opcode]) + size + content


def close_frame(code: int = 1000, reason: str = "") -> bytes:
    return frame(code.to_bytes(2) + reason.encode(), CLOSE)


def build_envelope_frame(message: Any) -> bytes:
    return frame(json.dumps({"session_key": KEY, "message": message}).encode())


def make_record(second: int, site: int = 981) -> dict[str, Any]:
    return {"timestamp": 1_758_196_800 + second, "site_id": site, "slurry_rate": second / 10}


def handshake_response(request: HttpRequest) -> bytes:
    """Return the response that opens a connection."""
    key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = b64encode(sha1(key.encode()).digest()).decode()
    head = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join([*head, f"Sec-WebSocket-Accept: {accept}", "", ""]).encode()


def serve_connections(*connections: ConnectionHandler | bytes) -> Handler:
    """Serve one connection after the other: bytes to send, then silence until the client leaves; or a function to call.
    The last one serves all further ones. REST calls get no records."""
    waiting = [*connections]

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if "upgrade" not in request.headers:
            line.send(http_response(200, []))
            return
        connection = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(connection):
            connection(line, request)
        else:
            line.send(handshake_response(request) + connection)
            line.stall()
        line.close()

    return handle


def refuse(status: int, body: Any = b"", **headers: str) -> ConnectionHandler:
    return lambda line, _: line.send(http_response(status, body, **headers))
