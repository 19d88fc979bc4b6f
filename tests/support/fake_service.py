"""Services that answer what no test can make the sandbox answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from datastore_sdk import Client
from tests.support.fake_server import Server
from tests.support.http_responses import Reply
from tests.support.sync_async_calls import PREFIX

TOKEN = "tly-s3cr3t-t0ken"


@dataclass(frozen=True, slots=True)
class Service:
    """A server and a client of it."""

    server: Server
    client: Client

    @property
    def request_lines(self) -> list[str]:
        """What it was asked, without the query: `GET /pads/`."""
        return [f"{request.method} {request.path.removeprefix(PREFIX)}" for request in self.server.received]


class Serving(Protocol):
    """Starts a service."""

    def __call__(self, reply: Reply, **options: Any) -> Service: ...
