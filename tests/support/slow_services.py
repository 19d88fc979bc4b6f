"""Services that send single bytes without end."""

from __future__ import annotations

import gzip

from tests.support.fake_server import ClientConnection, Handler, HttpRequest
from tests.support.http_responses import chunk, head


def drip(sent: bytes, piece: bytes) -> Handler:
    """Return a handler that sends some bytes at once, then the same piece again and again without end."""

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        line.send(sent)
        while not line.stall(0.02):
            line.send(piece)

    return handle


COMPRESSED = head(transfer_encoding="chunked", content_encoding="gzip") + chunk(gzip.compress(b"[]"))
SLOW_SERVICES = {
    "status line": drip(b"HTTP/1.1 200 ", b"x"),
    "headers": drip(head()[:-2] + b"X-Drop: ", b"x"),
    "body": drip(head(content_length=1 << 20), b" "),
    "chunks": drip(head(transfer_encoding="chunked"), b"1\r\n \r\n"),
    "size of a chunk": drip(head(transfer_encoding="chunked"), b"0"),
    "trailers": drip(head(transfer_encoding="chunked") + b"2\r\n[]\r\n0\r\n", b"X-Drop: x\r\n"),
    "body of an error": drip(head(404, content_length=1 << 20), b" "),
}
