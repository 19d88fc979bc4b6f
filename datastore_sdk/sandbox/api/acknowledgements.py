"""Acknowledgements of data changes by client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from datastore_sdk.sandbox.simulation.corrections import Correction


class Acknowledgements:
    """Ids of the changes that each client has acknowledged.

    Args:
        before: Every client acknowledged the changes before this unix second long ago.
    """

    def __init__(self, before: float) -> None:
        self._before = before
        self._received: dict[str, set[int]] = defaultdict(set)

    def acknowledge(self, client: str, ids: Iterable[int]) -> None:
        """Mark changes as received by a client; repeating it does no harm."""
        self._received[client].update(ids)

    def is_open(self, client: str, correction: Correction) -> bool:
        """Return whether a client has not acknowledged a change yet."""
        return correction.created_at >= self._before and correction.id not in self._received[client]
