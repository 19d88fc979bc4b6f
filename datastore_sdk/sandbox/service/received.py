"""What the sandbox received."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ReceivedRequest:
    """A request that the sandbox received. Headers, and with them the token, are not kept.

    Attributes:
        method: `GET`, ...
        path: With the ids in it.
        query: Names and values, in order.
        status: Of the answer; None before it has begun.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    status: int | None = None
