"""Log of received requests."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final

_RECEIVED: Final = "received"


@dataclass(slots=True)
class ReceivedRequest:
    """A request that the sandbox received. Headers, and so the token, are not stored.

    Attributes:
        method: `GET`, ...
        path: Path with its ids.
        query: Names and values, in order.
        status: Status of the response; None before it starts.
        fault: Kind of the fault that affected it, such as `reset`; None: none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    fault: str | None = None


def record_request(scope: MutableMapping[str, Any], entry: ReceivedRequest) -> None:
    """Attach the entry of a request to its scope."""
    scope["state"][_RECEIVED] = entry


def get_request_entry(scope: MutableMapping[str, Any]) -> ReceivedRequest:
    """Return the entry of a request."""
    entry: ReceivedRequest = scope["state"][_RECEIVED]
    return entry
