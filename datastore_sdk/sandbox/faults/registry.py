"""Active faults of a sandbox, and the calls that they still affect."""

from __future__ import annotations

import random
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

from datastore_sdk.sandbox.faults.http_faults import Fault

F = TypeVar("F", bound=Fault)


class _Pending:
    """A fault and its remaining calls."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times
        self._to_skip = fault.skip
        self._random = random.Random(fault.seed)  # noqa: S311 - no secret

    def meets(self) -> bool:
        """Return whether it affects the next of its calls."""
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


class FaultRegistry:
    """Faults that calls to a sandbox meet. If several match a call, the first one that was added affects it.

    May be used from any thread. Iteration yields the faults that still have calls to affect.
    """

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._expired: set[str] = set()
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Add faults, effective from the next call on."""
        with self._lock:
            self._pending += map(_Pending, faults)

    def clear(self) -> None:
        """Remove all faults; expired tokens are valid again."""
        with self._lock:
            self._pending.clear()
            self._expired.clear()

    @contextmanager
    def during(self, *faults: Fault) -> Generator[None]:
        """Add faults for a `with` block, and remove all faults afterwards."""
        self.add(*faults)
        try:
            yield
        finally:
            self.clear()

    def pending(self) -> list[tuple[Fault, int | None]]:
        """Return the faults that still have calls to affect, and how many; None: all."""
        with self._lock:
            return [(each.fault, each.left) for each in self._pending if each.left != 0]

    def __iter__(self) -> Iterator[Fault]:
        return iter([fault for fault, _ in self.pending()])

    def __len__(self) -> int:
        return len(self.pending())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self))})"

    def next_for(self, method: str, path: str, kind: type[F]) -> F | None:
        """Return the fault of a kind that affects a call, and count the call."""
        with self._lock:
            for each in self._pending:
                if isinstance(each.fault, kind) and each.fault.is_for(method, path) and each.meets():
                    return each.fault
        return None

    def expire(self, token: str) -> None:
        """Expire a token."""
        with self._lock:
            self._expired.add(token)

    def is_expired(self, token: str) -> bool:
        """Return whether a fault expired this token."""
        with self._lock:
            return token in self._expired
