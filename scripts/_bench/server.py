"""A service that only sends: all bodies are built before the first request.

    python -m _bench.server RECORDS FRAMING RATE KIND

prints its port and serves until its standard input ends. It returns the body for time-series data, over a WebSocket if
the client requests one; an empty list for the fields; and a pad for all other requests. A RATE of 0 and an empty KIND
stand for none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from types import TracebackType
from typing import IO, Self, cast

from _bench.body import Body, Framing
from _bench.capped import Capped
from _bench.kinds import Kind
from _bench.room import CLOSING, build_handshake_response, pace_messages
from _bench.slices import Slices

_AT_A_TIME = 1 << 20
_KEY = b"sec-websocket-key:"
_PAD = {
    "id": 1,
    "name": "Pad 1",
    "lease_name": "Lease",
    "customer_name": "Customer",
    "simops_config": None,
    "completion_date": None,
    "wireline_enabled": True,
}


class Server:
    """The service for one body, in a process of its own."""

    def __init__(self, body: Body) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "_bench.server",
                str(body.records),
                body.framing,
                str(body.rate or 0),
                body.kind or "",
            ],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = cast("IO[str]", self._process.stdout).readline().strip()
        if not port:
            sys.exit("The service of the bench did not start")
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._process:
            self._process.terminate()


class _Service(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, body: Body) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._served = body
        self._ranges = _build_ranges(body)
        self._body = b"" if self._ranges or body.rate else body.encode()
        encoding = "Content-Encoding: gzip\r\n" if body.framing is Framing.GZIP else ""
        self.body_head = _head(f"{encoding}Transfer-Encoding: chunked")
        pad = json.dumps(_PAD).encode()
        self.pad = _head(f"Content-Length: {len(pad)}") + pad
        self.fields = _head("Content-Length: 2") + b"[]"
        self._breaks = cycle([True, False] if body.framing is Framing.BROKEN else [False])

    def breaks(self) -> bool:
        """Return whether the next body breaks off half way."""
        return next(self._breaks)

    def body(self, target: str) -> Iterable[bytes]:
        """Return the body for a request of time-series data."""
        if self._served.rate:
            return pace_messages(self._served.records, self._served.rate)
        return self._ranges.respond(target) if self._ranges else [self._body]


def _build_ranges(body: Body) -> Capped | Slices | None:
    """Return the records of a body of which clients request parts."""
    match body.framing:
        case Framing.CAPPED:
            return Capped(body.records)
        case Framing.SLICES:
            return Slices(body.records)
        case _:
            return None


class _Connection(StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        service = cast("_Service", self.server)
        with suppress(ConnectionError):  # a client may leave in the middle
            while line := self.rfile.readline():
                key = b""
                while (header := self.rfile.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(_KEY):
                        key = header[len(_KEY) :].strip()
                target = line.split()[1].decode()
                if key:
                    self._send([build_handshake_response(key)])
                    self._send(service.body(target))
                    self.rfile.read(1)  # the close frame of the client
                    self._send([CLOSING])
                    return
                if "/data/" in target:
                    self._send([service.body_head])
                    if service.breaks():
                        (body,) = service.body(target)
                        self._send([memoryview(body)[: len(body) // 2]])
                        return
                    self._send(service.body(target))
                else:
                    self._send([service.fields if "/fields/" in target else service.pad])

    def _send(self, parts: Iterable[bytes | memoryview]) -> None:
        for part in parts:
            view = memoryview(part)
            for start in range(0, len(view), _AT_A_TIME):
                self.connection.sendall(view[start : start + _AT_A_TIME])


def _head(lines: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{lines}\r\n\r\n".encode()


def main() -> None:
    """Serve until standard input ends, so that it never outlives its parent."""
    count, framing, rate, kind = sys.argv[1:]
    service = _Service(Body(int(count), Framing(framing), int(rate) or None, Kind(kind) if kind else None))
    Thread(target=service.serve_forever, daemon=True).start()
    print(service.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
