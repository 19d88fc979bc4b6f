"""Hours of a pad's time in a storm, and what became of its records."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from _soak.listener import Form, Listener, Name
from _soak.storm import storm
from datastore_sdk import Client, Pad, RetryPolicy
from datastore_sdk.realtime import Gap
from datastore_sdk.sandbox import RoomOptions, Sandbox
from datastore_sdk.transport.clock import Clock

_NOW: Final = datetime(2025, 9, 18, 12, tzinfo=UTC)
_PAD: Final = 681
_STEPS: Final = (*[1] * 60, *[5] * 10, 90)
"""Seconds of the field's time that may pass at once."""
_BEHIND: Final = 60
"""How many of them the listener may be behind before it is waited for."""
_KEPT: Final = 40
"""How many of them the service keeps for a listener who is away."""
_PATIENCE: Final = 60.0
_POLL: Final = 0.002
_SPEED: Final = 100.0
"""How much shorter waits are made."""
_LULL: Final = 0.03
"""For how long the listener may catch up entirely, now and then: else all that comes would come together."""
_CALM: Final = 0.7
"""How often that is."""
_STALE_AFTER: Final = 0.3
"""Nothing but the storm is silent for longer."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What became of the records.

    Attributes:
        form: How they were listened to.
        hours: For how many hours of the field's time.
        breaks: How often the connection broke.
        records: How many there were.
        lost: How many of them never came.
        doubled: How many came once more, or came and never were.
        misplaced: How many came after a later one of their site, beside those that the service told late.
        late: How many those are.
        told_again: How many that the service told again were left out.
        filled: How many were fetched over REST.
        unreadable: How many messages made no sense.
        misreported: How many records there are in seconds that were reported missing.
        seconds: How long it took.
    """

    form: Form
    hours: float
    breaks: int
    records: int
    lost: int
    doubled: int
    misplaced: int
    late: int
    told_again: int
    filled: int
    unreadable: int
    misreported: int
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether every record came exactly once, in order, and none was reported missing."""
        return not (self.lost or self.doubled or self.misplaced or self.misreported)


def soak(form: Form, hours: float, every: float, seed: int) -> Figures:
    """Listens to a pad through a storm.

    Args:
        form: In which form.
        hours: How much of the field's time passes.
        every: After about how many messages something ends the connection.
        seed: Of the storm and the field.

    Raises:
        TimeoutError: Nothing came any more.
    """
    begun = time.monotonic()
    rooms = RoomOptions(replays=5, kept_seconds=_KEPT)
    retries = RetryPolicy(first_wait=0.005, longest_wait=0.02, max_attempts=10)
    with (
        Sandbox(now=_NOW, days=1, seed=seed, rooms=rooms) as sandbox,
        Client(sandbox.token, base_url=sandbox.url, retries=retries, clock=_FieldTime(sandbox)) as client,
        Listener(client, _PAD, _NOW, form, _STALE_AFTER) as listener,
    ):
        _reach(listener, int(sandbox.field.now()))
        for fault in storm(seed, every):
            sandbox.faults.add(fault)
        chance, end = random.Random(seed), sandbox.field.now() + hours * 3600  # noqa: S311 - no secret
        while (now := int(sandbox.field.now())) < end:
            _reach(listener, now - _BEHIND)
            if chance.random() < _CALM:
                _wait(partial(listener.has_heard, now), _LULL)
            sandbox.advance(chance.choice(_STEPS))
        sandbox.faults.clear()
        sandbox.advance(_BEHIND)
        query = Pad(id=_PAD, client=client).get_data(start_datetime=_NOW, is_routed=True, fields=["slurry_rate"])
        stored = [(record["timestamp"], record["site_id"]) for record in query]
        _wait(lambda: len(listener.heard) >= len(stored), _PATIENCE)
        return _figures(form, hours, stored, listener, time.monotonic() - begun)


class _FieldTime(Clock):
    """The time in the field, so that a connection that lasts a minute of it is a minute old to the listener too."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> float:
        return self._sandbox.field.now()

    def monotonic(self) -> float:
        return self._sandbox.field.now()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / _SPEED)


def _figures(form: Form, hours: float, stored: list[Name], listener: Listener, seconds: float) -> Figures:
    statistics, heard = listener.statistics, [*listener.heard]
    return Figures(
        form=form,
        hours=hours,
        breaks=statistics.reconnections,
        records=len(stored),
        lost=(Counter(stored) - Counter(heard)).total(),
        doubled=(Counter(heard) - Counter(stored)).total(),
        misplaced=max(0, _descents(heard) - statistics.late),
        late=statistics.late,
        told_again=statistics.doubled,
        filled=statistics.filled,
        unreadable=statistics.unreadable,
        misreported=sum(_in_gap(record, gap) for gap in listener.gaps for record in stored),
        seconds=seconds,
    )


def _in_gap(record: Name, gap: Gap) -> bool:
    second, site = record
    return gap.source in {site, None} and gap.start.timestamp() <= second <= gap.end.timestamp()


def _descents(heard: Iterable[Name]) -> int:
    """How many records come after a later one of their site."""
    last: dict[int, int] = {}
    count = 0
    for second, site in heard:
        count += second < last.get(site, 0)
        last[site] = max(second, last.get(site, 0))
    return count


def _reach(listener: Listener, second: int) -> None:
    if not _wait(partial(listener.has_heard, second), _PATIENCE):
        raise TimeoutError(f"nothing came for {_PATIENCE:g} s: {listener.statistics}")


def _wait(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
