"""How many calls of a client may be under way to one endpoint."""

from __future__ import annotations

from collections import Counter
from typing import Final

from datastore_sdk.sandbox.api.errors import throttled

RETRY_AFTER_SECONDS: Final = 1


class Slot:
    """The right to one call."""

    def __init__(self, under_way: Counter[tuple[str, str]], key: tuple[str, str]) -> None:
        self._under_way = under_way
        self._key = key
        self._held = True

    def release(self) -> None:
        """Gives the right back; once is enough, more does no harm."""
        if self._held:
            self._held = False
            self._under_way[self._key] -= 1


class ConcurrencyLimit:
    """Counts the calls under way. Used by one event loop only, so it needs no lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._under_way: Counter[tuple[str, str]] = Counter()

    def take(self, client: str, endpoint: str) -> Slot:
        """Takes one of the slots of a client at an endpoint (a path with its ids taken out).

        Raises:
            RequestError: 429 when none is free.
        """
        key = client, endpoint
        if self._under_way[key] >= self._limit:
            raise throttled(RETRY_AFTER_SECONDS)
        self._under_way[key] += 1
        return Slot(self._under_way, key)
