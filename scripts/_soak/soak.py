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

from _soak.faults import random_faults
from _soak.listener import FIELD, Form, RecordKey, SoakListener, record_key
from datastore_sdk import Client, DataResolutions, Pad, RetryPolicy
from datastore_sdk._io.clock import Clock
from datastore_sdk.data.query import DataQuery
from datastore_sdk.realtime import Gap
from datastore_sdk.sandbox import RoomOptions, Sandbox

_NOW: Final = datetime(2025, 9, 18, 12, tzinfo=UTC)
_PAD: Final = 681
_STEP_INTERVALS: Final = (*[1] * 60, *[5] * 10, 90)
"""How many intervals of the field's time may pass at once."""
_MAX_BEHIND_INTERVALS: Final = 60
"""How many of them the listener may be behind before it is waited for."""
_QUEUE_INTERVALS: Final = 40
"""How many of them the service keeps for a listener who is away."""
_TIMEOUT_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.002
_SLEEP_DIVISOR: Final = 100.0
"""How much shorter waits are made."""
_IDLE_SPEED: Final = 10.0
"""How much faster time passes while nothing comes. What comes is late on a busy machine, and must not seem to be."""
_PAUSE_SECONDS: Final = 0.03
"""For how long the listener may catch up entirely, now and then: else all that comes would come together."""
_PAUSE_PROBABILITY: Final = 0.7
"""How often that is."""
_ARCHIVE_INTERVALS: Final = 120
"""After how many of them what is stored is read."""
_STALE_AFTER_SECONDS: Final = 0.3
"""Nothing but the storm is silent for longer."""


@dataclass(frozen=True, kw_only=True)
class SoakResult:
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
    duplicates: int
    out_of_order: int
    late: int
    replayed: int
    backfilled: int
    unreadable: int
    false_gaps: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every record came exactly once, in order, and none was reported missing."""
        return not (self.lost or self.duplicates or self.out_of_order or self.false_gaps)


def run_soak(
    form: Form,
    hours: float,
    every: float,
    seed: int,
    *,
    late_every: float | None = None,
    resolution: DataResolutions = DataResolutions.SECOND,
) -> SoakResult:
    """Listens to a pad through a storm.

    Args:
        form: In which form.
        hours: How much of the field's time passes.
        every: After about how many messages something ends the connection.
        seed: Of the storm and the field.
        late_every: After about how many messages one comes later than others; a third of `every` unless given.
        resolution: Which records are listened to.

    Raises:
        TimeoutError: Nothing came any more.
    """
    begun, step = time.monotonic(), DataQuery(source="pad", id=_PAD, resolution=resolution).step
    rooms = RoomOptions(replays=5, kept_seconds=_QUEUE_INTERVALS * step)
    retries = RetryPolicy(first_wait=0.005, longest_wait=0.02, max_attempts=10)
    with Sandbox(now=_NOW, days=1, seed=seed, rooms=rooms) as sandbox:
        clock, now = _SoakClock(sandbox), sandbox.field.now
        with (
            Client(sandbox.token, base_url=sandbox.url, retries=retries, clock=clock) as client,
            SoakListener(client, _PAD, _NOW, form, _STALE_AFTER_SECONDS, resolution) as listener,
        ):
            clock.listener = listener
            _wait(lambda: listener.statistics.connected, _TIMEOUT_SECONDS)
            for fault in random_faults(seed, every, late_every):
                sandbox.faults.add(fault)
            chance, begin, end = random.Random(seed), now(), now() + hours * 3600  # noqa: S311 - no secret
            archive = _ArchiveReader(client, resolution, step, int(begin))
            while now() < end:
                latest = _latest(now(), step)
                archive.read(latest, at_least=_ARCHIVE_INTERVALS * step)
                if latest - _MAX_BEHIND_INTERVALS * step >= begin:
                    _wait_for_second(listener, latest - _MAX_BEHIND_INTERVALS * step)
                if chance.random() < _PAUSE_PROBABILITY:
                    _wait(partial(listener.has_reached, latest), _PAUSE_SECONDS)
                sandbox.advance(chance.choice(_STEP_INTERVALS) * step)
            sandbox.faults.clear()
            sandbox.advance(_MAX_BEHIND_INTERVALS * step)
            archive.read(_latest(now(), step))
            _wait(lambda: len(listener.records) >= len(archive.records), _TIMEOUT_SECONDS)
            return _build_result(form, hours, archive.records, listener, time.monotonic() - begun)


class _ArchiveReader:
    """What REST has of the records that are told; read before it is corrected, which happens hours later."""

    def __init__(self, client: Client, resolution: DataResolutions, step: int, first: int) -> None:
        self.records: list[RecordKey] = []
        self._client = client
        self._resolution = resolution
        self._step = step
        self._next = first

    def read(self, last: int, at_least: int = 0) -> None:
        """Reads on up to an interval, by its first second, unless that is too little."""
        if last - self._next < at_least:
            return
        data = Pad(id=_PAD, client=self._client).get_data(
            start_datetime=datetime.fromtimestamp(self._next, tz=UTC),
            is_routed=True,
            fields=FIELD,
            resolution=self._resolution,
        )
        self.records += [record_key(record) for record in data if record["timestamp"] <= last]
        self._next = last + self._step


def _latest(now: float, step: int) -> int:
    """The first second of the latest interval that is over."""
    return (int(now) + 1) // step * step - step


class _SoakClock(Clock):
    """The time in the field. A connection ages by what it tells, as it would in life, and, in a hurry, by itself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.listener: SoakListener | None = None
        self._sandbox = sandbox

    def now(self) -> float:
        return self._sandbox.field.now()

    def monotonic(self) -> float:
        return (self.listener.last if self.listener else 0) + _IDLE_SPEED * time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / _SLEEP_DIVISOR)


def _build_result(
    form: Form, hours: float, stored: list[RecordKey], listener: SoakListener, seconds: float
) -> SoakResult:
    statistics, come = listener.statistics, [*listener.records]
    return SoakResult(
        form=form,
        hours=hours,
        breaks=statistics.reconnections,
        records=len(stored),
        lost=(Counter(stored) - Counter(come)).total(),
        duplicates=(Counter(come) - Counter(stored)).total(),
        out_of_order=max(0, _count_descents(come) - statistics.late),
        late=statistics.late,
        replayed=statistics.duplicates,
        backfilled=statistics.backfilled,
        unreadable=statistics.unreadable,
        false_gaps=sum(_in_gap(record, gap) for gap in listener.gaps for record in stored),
        seconds=seconds,
    )


def _in_gap(record: RecordKey, gap: Gap) -> bool:
    second, site, _ = record
    return gap.source in {site, None} and gap.start.timestamp() <= second <= gap.end.timestamp()


def _count_descents(heard: Iterable[RecordKey]) -> int:
    """How many records come after a later one of their site."""
    last: dict[int, int] = {}
    count = 0
    for second, site, _ in heard:
        count += second < last.get(site, 0)
        last[site] = max(second, last.get(site, 0))
    return count


def _wait_for_second(listener: SoakListener, second: int) -> None:
    if not _wait(partial(listener.has_reached, second), _TIMEOUT_SECONDS):
        raise TimeoutError(f"nothing came for {_TIMEOUT_SECONDS:g} s: {listener.statistics}")


def _wait(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
