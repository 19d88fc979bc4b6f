"""Limit of concurrent calls of a client to one endpoint."""

from __future__ import annotations

from collections import Counter
from typing import Final

from datastore_sdk.sandbox.api.errors import build_throttled

RETRY_AFTER_SECONDS: Final = 1


class CallSlot:
    """Permission for one call."""

    def __init__(self, under_way: Counter[tuple[str, str]], key: tuple[str, str]) -> None:
        self._under_way = under_way
        self._key = key
        self._held = True

    def release(self) -> None:
        """Release the slot; repeating it does no harm."""
        if self._held:
            self._held = False
            self._under_way[self._key] -= 1


class ServiceConcurrencyLimit:
    """Counter of concurrent calls. Used by one event loop only, so it needs no lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._under_way: Counter[tuple[str, str]] = Counter()

    def take(self, client: str, endpoint: str) -> CallSlot:
        """Take one of a client's slots at an endpoint (a path without its ids).

        Raises:
            RequestError: 429 if all are in use.
        """
        key = client, endpoint
        if self._under_way[key] >= self._limit:
            raise build_throttled(RETRY_AFTER_SECONDS)
        self._under_way[key] += 1
        return CallSlot(self._under_way, key)
