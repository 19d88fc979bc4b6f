"""Random faults of live data."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import msgspec

from datastore_sdk.sandbox.faults import (
    Close,
    Drop,
    Duplicate,
    Fault,
    Garbage,
    HugeFrame,
    Late,
    Reset,
    Silence,
    Status,
)

_BREAKS: Final[tuple[tuple[Fault, float], ...]] = (
    (Drop(), 4),
    (Drop(lost=1), 2),
    (Drop(lost=10), 2),
    (Drop(lost=100), 1),
    (Close(code=1000), 2),
    (Close(code=1001), 1),
    (Close(code=1011), 1),
    (Close(code=1012), 1),
    (Garbage(kind="encoding"), 1),
    (Garbage(kind="frame"), 1),
    (Silence(), 0.2),
)
"""Faults that end a connection, with their relative frequency."""
_DISTURBANCES: Final[tuple[tuple[Fault, float], ...]] = (
    (Duplicate(copies=1), 0.2),
    (Duplicate(copies=5), 0.2),
    (Garbage(kind="text"), 0.2),
    (Garbage(kind="object"), 0.2),
    (Garbage(kind="binary"), 0.2),
    (HugeFrame(size=1 << 18), 0.2),
)
"""Faults that do not end a connection, with their frequency relative to all breaks together."""
_LATE: Final = (Late(by=1), Late(by=7), Late(by=20))
"""Delays of late messages, all equally frequent."""
_ROOMS, _ARCHIVE = "/ws/*", "/v1/*/data/"
_REFUSALS: Final = (
    Status(status=429, path=_ROOMS, retry_after=0),
    Status(status=500, path=_ROOMS),
    Status(status=503, path=_ROOMS, retry_after=0),
    Reset(path=_ROOMS),
    Status(status=503, path=_ARCHIVE),
    Reset(path=_ARCHIVE),
)
"""Faults of handshakes and of requests for lost records."""
_REFUSAL: Final = 0.05
"""Probability of each of these faults."""


def random_faults(seed: int, every: float, late_every: float | None = None) -> Iterator[Fault]:
    """Yield lasting faults of all kinds.

    Args:
        seed: Seed of the random numbers.
        every: Average number of messages between breaks.
        late_every: Average number of messages between late ones. Default: a third of `every`.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    total = sum(weight for _, weight in _BREAKS)
    faults = [
        *((fault, weight / total / every) for fault, weight in _BREAKS),
        *((fault, weight / every) for fault, weight in _DISTURBANCES),
        *((fault, 1 / len(_LATE) / (late_every or every / len(_LATE))) for fault in _LATE),
        *((fault, _REFUSAL) for fault in _REFUSALS),
    ]
    for fault, probability in faults:
        yield msgspec.structs.replace(fault, probability=probability, times=None, seed=rng.randrange(1 << 30))
