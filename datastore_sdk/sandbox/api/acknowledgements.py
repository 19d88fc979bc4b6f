"""Which data changes each client has acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from datastore_sdk.sandbox.simulation.corrections import Correction


class Acknowledgements:
    """Per client, the ids of the changes that it has received.

    Args:
        before: Changes created before this unix second were acknowledged by every client long ago.
    """

    def __init__(self, before: float) -> None:
        self._before = before
        self._received: dict[str, set[int]] = defaultdict(set)

    def acknowledge(self, client: str, ids: Iterable[int]) -> None:
        """Notes that a client has received changes. Doing it again does no harm."""
        self._received[client].update(ids)

    def is_open(self, client: str, correction: Correction) -> bool:
        """Whether a client has not acknowledged a change yet."""
        return correction.created_at >= self._before and correction.id not in self._received[client]
