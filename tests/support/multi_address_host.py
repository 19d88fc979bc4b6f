"""Host with two addresses, the first of which does not respond."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.fake_server import Server

DeadFirst = Callable[[Server], str]
"""Function that returns the URL of a host with a dead address and that of a server."""
HOST = "two.addresses.test"


@pytest.fixture
def dead_first(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeadFirst]:
    real = socket.getaddrinfo

    def found(host: Any, *args: Any, **options: Any) -> Any:
        hosts = ("127.0.0.2", "127.0.0.1") if host == HOST else (host,)
        return [each for one in hosts for each in real(one, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with ExitStack() as stack:

        def url_of(server: Server) -> str:
            parts = urlsplit(server.url)
            assert parts.port is not None
            _kill("127.0.0.2", parts.port, stack)
            return f"{parts.scheme}://{HOST}:{parts.port}"

        yield url_of


def _kill(address: str, port: int, stack: ExitStack) -> None:
    """Make an address unresponsive by filling the queue of its listener."""
    listener = stack.enter_context(socket.socket())
    listener.bind((address, port))
    listener.listen(0)
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex((address, port))
