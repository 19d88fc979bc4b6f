"""HTTP server on loopback that sends exactly the bytes that a test specifies."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakSet

TIMEOUT_SECONDS = 20.0
"""Maximum number of seconds that a test waits."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """HTTP request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    content: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


class ClientConnection:
    """Server side of a connection."""

    def __init__(self, connection: socket.socket, stopping: socket.socket) -> None:
        self._socket = connection
        self._stopping = stopping
        self._unread = b""
        self.closed = False

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._socket.sendall(piece)

    def close(self) -> None:
        """Close the connection as a healthy server does."""
        self.closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def reset(self) -> None:
        """Reset the connection as a crashed server does: the client loses bytes that it has not read."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.closed = True
        self._socket.close()

    def stall(self, seconds: float = TIMEOUT_SECONDS) -> bool:
        """Send nothing until the client disconnects, the server stops or time is up; return if it disconnected."""
        readable, _, _ = select.select([self._socket, self._stopping], [], [], seconds)
        return self._socket in readable

    def read_request(self) -> HttpRequest | None:
        """Return the next request, or None if the client disconnected."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                return None
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._unread) < length:
            if not self._more():
                return None
        content, self._unread = self._unread[:length], self._unread[length:]
        return HttpRequest(method, target, headers, content)

    def _more(self) -> bool:
        piece = self._socket.recv(1 << 16)
        self._unread += piece
        return bool(piece)


Handler = Callable[[ClientConnection, HttpRequest], None]
"""Responds to one request. The connection stays open for the next one unless the handler closes it."""


class Server:
    """Server with a thread per connection. It passes each request to a handler; errors of the handler fail the test."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._errors: list[Exception] = []
        self._open = WeakSet[socket.socket]()
        self._in_progress = 0
        self.received: list[HttpRequest] = []
        """All requests, in the order of their arrival."""
        self.max_concurrent = 0
        """Maximum number of requests in progress at the same time."""
        self.connections = 0
        """Number of accepted connections."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped, self._stopping = socket.socketpair()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.close()
        for thread in self._threads:
            thread.join(TIMEOUT_SECONDS)
        alive = [thread for thread in self._threads if thread.is_alive()]
        self._listener.close()
        self._stopping.close()
        assert not alive, alive
        if self._errors and error is None:
            raise self._errors[0]

    def disconnect_all(self) -> None:
        """Close all connections."""
        for connection in [*self._open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.received]

    def wait_for_connections(self) -> None:
        """Wait until all connections have ended."""
        for thread in self._threads[1:]:
            thread.join(TIMEOUT_SECONDS)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True, name="server of a test")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            readable, _, _ = select.select([self._listener, self._stopping], [], [])
            if self._stopping in readable:
                return
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        line = ClientConnection(connection, self._stopping)
        self._open.add(connection)
        with connection, suppress(ConnectionError):
            while not line.closed and line.stall(seconds=1e6) and (request := line.read_request()):
                self._respond(line, request)

    def _respond(self, line: ClientConnection, request: HttpRequest) -> None:
        with self._lock:
            self.received.append(request)
            self._in_progress += 1
            self.max_concurrent = max(self.max_concurrent, self._in_progress)
        try:
            self.handler(line, request)
        except ConnectionError:
            line.close()  # the client has disconnected
        except Exception as error:  # noqa: BLE001 - raised where the test can see it
            self._errors.append(error)
            line.close()
        finally:
            with self._lock:
                self._in_progress -= 1
