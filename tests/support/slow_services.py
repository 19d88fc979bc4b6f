"""Services that send a little now and then, for ever."""

from __future__ import annotations

import gzip

from tests.support.fake_server import Handler, Line, Received
from tests.support.http_responses import chunk, head


def dripping(sent: bytes, drop: bytes) -> Handler:
    """Sends some bytes at once, and one more every now and then, for ever."""

    def handle(line: Line, _: Received) -> None:
        line.send(sent)
        while not line.stall(0.02):
            line.send(drop)

    return handle


COMPRESSED = head(transfer_encoding="chunked", content_encoding="gzip") + chunk(gzip.compress(b"[]"))
DRIPPING = {
    "status line": dripping(b"HTTP/1.1 200 ", b"x"),
    "headers": dripping(head()[:-2] + b"X-Drop: ", b"x"),
    "body": dripping(head(content_length=1 << 20), b" "),
    "chunks": dripping(head(transfer_encoding="chunked"), b"1\r\n \r\n"),
    "size of a chunk": dripping(head(transfer_encoding="chunked"), b"0"),
    "trailers": dripping(head(transfer_encoding="chunked") + b"2\r\n[]\r\n0\r\n", b"X-Drop: x\r\n"),
    "body of an error": dripping(head(404, content_length=1 << 20), b" "),
}
