"""Calls to a sandbox of which every byte is seen."""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

from datastore_sdk.sandbox import Sandbox

TIMEOUT_SECONDS = 20.0
QUIET = 0.05
"""Seconds of silence after which nothing more is taken to come."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """The bytes received on a connection, and how it ended."""

    content: bytes
    end: Literal["FIN", "RST"]

    @property
    def status(self) -> int:
        return int(self.content.split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        """Names in lower case."""
        lines = self.content.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def raw(self) -> bytes:
        """All that came after the headers."""
        return self.content.partition(b"\r\n\r\n")[2]

    @property
    def body(self) -> bytes:
        """The same without the framing of chunks."""
        if "transfer-encoding" not in self.headers:
            return self.raw
        body, remaining = b"", self.raw
        while remaining:
            size, _, remaining = remaining.partition(b"\r\n")
            body, remaining = body + remaining[: int(size, 16)], remaining[int(size, 16) + 2 :]
        return body

    @property
    def ends_properly(self) -> bool:
        """Whether HTTP says that the body has ended."""
        if "transfer-encoding" in self.headers:
            return self.raw.endswith(b"0\r\n\r\n")
        return len(self.raw) == int(self.headers["content-length"])


class RawConnection:
    """One connection to a sandbox."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        address = urlsplit(sandbox.url)
        self._token = token or sandbox.token
        self._socket = socket.create_connection((address.hostname, address.port), TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, target: str, method: str = "GET", content: bytes = b"", *, close: bool = True) -> None:
        """Send a request. The server closes the connection after the response, unless `close` is false."""
        headers = f"Host: sandbox\r\nAuthorization: Bearer {self._token}\r\nContent-Length: {len(content)}\r\n"
        headers += "Accept-Encoding: gzip\r\n" + ("Connection: close\r\n" if close else "")
        self._socket.sendall(f"{method} {target} HTTP/1.1\r\n{headers}\r\n".encode() + content)

    def all(self) -> RawResponse:
        """Everything that comes, until the connection ends."""
        content = b""
        try:
            while piece := self._socket.recv(1 << 16):
                content += piece
        except ConnectionResetError:
            return RawResponse(content, "RST")
        return RawResponse(content, "FIN")

    def until_silence(self) -> bytes:
        """Return the bytes received until the connection falls silent but stays open."""
        content = b""
        while select.select([self._socket], [], [], QUIET)[0]:
            piece = self._socket.recv(1 << 16)
            assert piece, "the connection has ended"
            content += piece
        return content


def fetch_raw(sandbox: Sandbox, target: str, method: str = "GET", content: bytes = b"") -> RawResponse:
    """Return the raw response to a call."""
    with RawConnection(sandbox) as connection:
        connection.send(target, method, content)
        return connection.all()
