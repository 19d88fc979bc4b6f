"""How many calls of a client may be under way to one endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from datastore_sdk.sandbox.service.errors import throttled

RETRY_AFTER_SECONDS: Final = 1


class ConcurrencyLimit:
    """Counts the calls under way. Used by one event loop only, so it needs no lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._under_way: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def slot(self, client: str, endpoint: str) -> Generator[None, None, None]:
        """Holds one of the slots of a client at an endpoint (a path with its ids taken out).

        Raises:
            RequestError: 429 when none is free.
        """
        key = client, endpoint
        if self._under_way[key] >= self._limit:
            raise throttled(RETRY_AFTER_SECONDS)
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
