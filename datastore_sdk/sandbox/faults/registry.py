"""The faults that a sandbox was asked for, and the calls that they are still to meet."""

from __future__ import annotations

import random
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

from datastore_sdk.sandbox.faults.http_faults import Fault

F = TypeVar("F", bound=Fault)


class _Pending:
    """A fault and what is left of it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times
        self._to_skip = fault.skip
        self._random = random.Random(fault.seed)  # noqa: S311 - no secret

    def meets(self) -> bool:
        """Whether it meets the next of its calls."""
        if self.left == 0:
            return False
        if self._to_skip:
            self._to_skip -= 1
            return False
        if self._random.random() >= self.fault.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The faults that calls to a sandbox meet. A call meets one: the first that was added of those that meet it.

    May be used from any thread. Iterating gives the faults that have calls left to meet.
    """

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._expired: set[str] = set()
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Has calls meet these faults, from the next one on."""
        with self._lock:
            self._pending += map(_Pending, faults)

    def clear(self) -> None:
        """Forgets all faults; expired tokens are good again."""
        with self._lock:
            self._pending.clear()
            self._expired.clear()

    @contextmanager
    def during(self, *faults: Fault) -> Generator[None]:
        """Has calls meet these faults within a `with` block, and forgets all faults at its end."""
        self.add(*faults)
        try:
            yield
        finally:
            self.clear()

    def pending(self) -> list[tuple[Fault, int | None]]:
        """The faults that have calls left to meet, and how many; None: as many as come."""
        with self._lock:
            return [(each.fault, each.left) for each in self._pending if each.left != 0]

    def __iter__(self) -> Iterator[Fault]:
        return iter([fault for fault, _ in self.pending()])

    def __len__(self) -> int:
        return len(self.pending())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self))})"

    def next_for(self, method: str, path: str, kind: type[F]) -> F | None:
        """The fault of a kind that a call meets, which is counted."""
        with self._lock:
            for each in self._pending:
                if isinstance(each.fault, kind) and each.fault.is_for(method, path) and each.meets():
                    return each.fault
        return None

    def expire(self, token: str) -> None:
        """Has a token expire."""
        with self._lock:
            self._expired.add(token)

    def is_expired(self, token: str) -> bool:
        """Whether a token has expired by a fault."""
        with self._lock:
            return token in self._expired
