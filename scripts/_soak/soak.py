"""Soak test: hours of simulated time of a pad with random faults, and counts of its records."""

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
"""Numbers of intervals by which the simulated clock advances at once."""
_MAX_BEHIND_INTERVALS: Final = 60
"""Number of intervals that the listener may be behind before the clock waits for it."""
_QUEUE_INTERVALS: Final = 40
"""Number of intervals that the service's queue holds for a disconnected listener."""
_TIMEOUT_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.002
_SLEEP_DIVISOR: Final = 100.0
"""Divisor of the SDK's waits."""
_IDLE_SPEED: Final = 10.0
"""Factor by which time passes faster while no record arrives. A busy machine must not look like a silent room."""
_PAUSE_SECONDS: Final = 0.03
"""Maximum seconds in which the listener may catch up completely now and then, so that records do not all arrive
together."""
_PAUSE_PROBABILITY: Final = 0.7
"""Probability of such a pause."""
_ARCHIVE_INTERVALS: Final = 120
"""Number of intervals after which the archive is read."""
_STALE_AFTER_SECONDS: Final = 0.3
"""Only faults cause longer silence."""


@dataclass(frozen=True, kw_only=True)
class SoakResult:
    """Counts of the records.

    Attributes:
        form: Sync or async.
        hours: Hours of simulated time.
        breaks: Number of reconnects.
        records: Number of records in the archive.
        lost: Records that never arrived.
        duplicates: Records that arrived again, or that the archive does not have.
        out_of_order: Records that arrived after a later one of their site, without those that the service sent late.
        late: Records that the service sent late.
        replayed: Repeated records that the SDK left out.
        backfilled: Records that the SDK fetched over REST.
        unreadable: Unreadable messages.
        false_gaps: Records in seconds that were reported missing.
        seconds: Duration of the run.
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
        """Whether every record arrived exactly once, in order, and none was reported missing."""
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
    """Listen to a pad while faults happen.

    Args:
        form: Sync or async.
        hours: Hours of simulated time.
        every: Average number of messages between breaks.
        seed: Seed of the faults and of the simulated field.
        late_every: Average number of messages between late ones. Default: a third of `every`.
        resolution: Resolution of the records.

    Raises:
        TimeoutError: No record arrived for `_TIMEOUT_SECONDS`.
    """
    started, step = time.monotonic(), DataQuery(source="pad", id=_PAD, resolution=resolution).resolution_seconds
    rooms = RoomOptions(replays=5, kept_seconds=_QUEUE_INTERVALS * step)
    retries = RetryPolicy(initial_wait=0.005, max_wait=0.02, max_attempts=10)
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
            rng, begin, end = random.Random(seed), now(), now() + hours * 3600  # noqa: S311 - no secret
            archive = _ArchiveReader(client, resolution, step, int(begin))
            while now() < end:
                latest = _latest(now(), step)
                archive.read(latest, min_seconds=_ARCHIVE_INTERVALS * step)
                if latest - _MAX_BEHIND_INTERVALS * step >= begin:
                    _wait_for_second(listener, latest - _MAX_BEHIND_INTERVALS * step)
                if rng.random() < _PAUSE_PROBABILITY:
                    _wait(partial(listener.has_reached, latest), _PAUSE_SECONDS)
                sandbox.advance(rng.choice(_STEP_INTERVALS) * step)
            sandbox.faults.clear()
            sandbox.advance(_MAX_BEHIND_INTERVALS * step)
            archive.read(_latest(now(), step))
            _wait(lambda: len(listener.records) >= len(archive.records), _TIMEOUT_SECONDS)
            return _build_result(form, hours, archive.records, listener, time.monotonic() - started)


class _ArchiveReader:
    """Reads the records over REST, before they are corrected hours later."""

    def __init__(self, client: Client, resolution: DataResolutions, step: int, first: int) -> None:
        self.records: list[RecordKey] = []
        self._client = client
        self._resolution = resolution
        self._step = step
        self._next = first

    def read(self, last: int, min_seconds: int = 0) -> None:
        """Read up to the interval that begins at this second, if that adds `min_seconds` seconds."""
        if last - self._next < min_seconds:
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
    """Return the first second of the latest complete interval."""
    return (int(now) + 1) // step * step - step


class _SoakClock(Clock):
    """Clock of the simulated field. Its monotonic time follows the received records and, much slower, real time."""

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
    statistics, received = listener.statistics, [*listener.records]
    return SoakResult(
        form=form,
        hours=hours,
        breaks=statistics.reconnections,
        records=len(stored),
        lost=(Counter(stored) - Counter(received)).total(),
        duplicates=(Counter(received) - Counter(stored)).total(),
        out_of_order=max(0, _count_descents(received) - statistics.late),
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


def _count_descents(received: Iterable[RecordKey]) -> int:
    """Return the number of records that arrived after a later one of their site."""
    last: dict[int, int] = {}
    count = 0
    for second, site, _ in received:
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
