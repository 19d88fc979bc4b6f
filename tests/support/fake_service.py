"""Services with responses that the sandbox cannot produce."""

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
    """Server with a client of it."""

    server: Server
    client: Client

    @property
    def request_lines(self) -> list[str]:
        """The received requests without their queries, such as `GET /pads/`."""
        return [f"{request.method} {request.path.removeprefix(PREFIX)}" for request in self.server.received]


class Serving(Protocol):
    """Function that starts a service."""

    def __call__(self, reply: Reply, **options: Any) -> Service: ...
