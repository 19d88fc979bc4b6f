"""What the sandbox received."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final

_RECEIVED: Final = "received"


@dataclass(slots=True)
class ReceivedRequest:
    """A request that the sandbox received. Headers, and with them the token, are not kept.

    Attributes:
        method: `GET`, ...
        path: With the ids in it.
        query: Names and values, in order.
        status: Of the answer; None before it has begun.
        fault: The kind of fault that it met, such as `reset`; None: none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    fault: str | None = None


def note_received(scope: MutableMapping[str, Any], entry: ReceivedRequest) -> None:
    """Hands the entry of a request to whatever answers it."""
    scope["state"][_RECEIVED] = entry


def received_of(scope: MutableMapping[str, Any]) -> ReceivedRequest:
    """The entry of a request."""
    entry: ReceivedRequest = scope["state"][_RECEIVED]
    return entry
