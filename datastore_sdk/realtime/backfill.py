"""Backfill: turn the records of a room into a sequence without duplicates and, if possible, without gaps.

Records that the session's queue repeats after a break are left out. Seconds that were lost with a connection are
fetched over REST with the same filters. They are delivered before the record that shows them to be missing. At a
coarser resolution, whole intervals are fetched, and only after their end: the archive computes an unfinished interval
from a part of its seconds.

Nothing is lost within a connection, so a hole there is a hole in the data. Records that arrive together are sorted. A
record that arrives after its successor is delivered as it arrives: holding records back for it would delay the stream
at each hole in the data. If the connection breaks before a late record arrives, the record is fetched: holes of the
last minute are requested after each break.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from datastore_sdk._io.effects import EffectGen, YieldItem, redirect_items
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import stream_resumable
from datastore_sdk.exceptions import APIConnectionError, CallError
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.instrumentation.mismatches import report_mismatches
from datastore_sdk.realtime.gaps import GapLog, build_gap
from datastore_sdk.realtime.history_filter import HistoryFilter, parse_service_time, warn_of_start_ahead
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import MessageHandler, sleep
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.transport.executor.executor import RequestExecutor

log = get_logger("realtime")

R = TypeVar("R")

_RETRY_WAITS_SECONDS = (1.0, 2.0, 4.0)
"""Waits before further requests for seconds so new that the service may not have stored them yet."""
_MIN_CHECK_SECONDS, _MAX_CHECK_SECONDS = 15.0, 600.0
"""First and maximum wait between checks for records that a silent room does not send."""
_SETTLED_SECONDS = 60.0
"""Seconds of waiting after which a connection has sent all that its queue held.

In these seconds it must have sent no more than was measured meanwhile. From then on a hole is a hole in the data, and
a silent source has no records.
"""
_MAX_IN_TRANSIT = 10
"""Maximum number of records that can be on their way over a working connection."""
_ARCHIVE_DELAY_SECONDS = 60.0
"""Seconds after its end at which an interval counts as complete, also by a clock that is wrong."""
_NOT_FILLED = "gaps are not filled (fill_gaps=False, or fill_data_method, where records depend on their neighbours)"
_NO_INTERVAL = "the records do not begin with the intervals of the resolution"
_NO_RECORD = "the service has no record of these seconds"


class Backfiller(MessageHandler[R]):
    """Delivers the records of a room in sequence, and fetches lost ones.

    Args:
        executor: Sends the requests.
        tracker: Records that were delivered, over this connection and earlier ones.
        codec: Codec of the records.
        query: REST query for the same records. None: gaps are not filled.
        gaps: Log of gaps that could not be filled.
        counters: Counts what arrives.
        site_id: Site of the room. None: records of any site are accepted.
        history_filter: Filter for replayed history. None: history is wanted.
        start: First requested second, for a warning if it is in the future. None: no start.
    """

    def __init__(
        self,
        executor: RequestExecutor,
        tracker: SequenceTracker[R],
        codec: RecordCodec[R],
        query: DataQuery | None,
        gaps: GapLog,
        counters: Counters,
        site_id: int | None = None,
        history_filter: HistoryFilter[R] | None = None,
        start: int | None = None,
    ) -> None:
        self._start = start
        self._history_filter = history_filter
        self._executor = executor
        self._site_id = site_id
        self._tracker = tracker
        self._codec = codec
        self._query = query
        self._gaps = gaps
        self._counters = counters
        self._checked_at = -math.inf
        self._waited = 0.0
        self._waited_since = 0
        self._check_interval = _MIN_CHECK_SECONDS
        self._room_is_current = False
        self._last_fetched = 0
        self._reason = _NOT_FILLED if query is None else _NO_RECORD

    def handle(self, items: list[R]) -> EffectGen[bool]:
        """Yield the new records, after the records that were lost before them."""
        items = self._drop_other_sites(items)
        if self._history_filter is not None:
            items = self._history_filter.filter_live(items, self._executor.clock.monotonic())
        self._note_time(items)
        self._tracker.now = self._executor.clock.now()
        self._check_interval = _MIN_CHECK_SECONDS
        if self._query is not None:
            yield from self._fill_after_break(self._query, items)
        remaining, count = items, 0
        while remaining:
            new, lost, remaining = self._tracker.filter_new(
                remaining, stop_at_hole=self._query is not None, settled=self._settled
            )
            self._report_gaps()
            if new:
                count += len(new)
                self._note_new(new)
                yield from YieldItem(new)
            if lost and self._query is not None:
                yield from self._fill(self._query, lost[0], lost[-1])
        self._counters.duplicates += len(items) - count
        return count > 0

    def _drop_other_sites(self, items: list[R]) -> list[R]:
        """Return the records that do not name another site, and report the others."""
        if self._site_id is None:
            return items
        accepted = (None, self._site_id)
        sites = [(self._codec.position(item) or accepted)[1] for item in items]
        other_sites = [site for site in sites if site not in accepted]
        if not other_sites:
            return items
        report_mismatches("records of a room", "site_id", str(self._site_id), other_sites, len(other_sites), len(items))
        return [item for item, site in zip(items, sites, strict=True) if site in accepted]

    def on_handshake(self, headers: Mapping[str, str]) -> None:
        """Note the service's time."""
        now = parse_service_time(headers, self._executor.clock.now())
        if self._history_filter is not None:
            self._history_filter.set_service_time(now)
        if self._start is not None:
            warn_of_start_ahead(self._start, now, "live data")
            self._start = None

    def on_connect(self) -> EffectGen[None]:
        """Reset the state of the connection. Lost records show when the next record arrives, or when none does."""
        self._waited, self._waited_since = 0.0, self._tracker.newest
        self._checked_at, self._check_interval, self._room_is_current = -math.inf, _MIN_CHECK_SECONDS, False
        yield from ()

    def on_idle(self) -> EffectGen[None]:
        """Check, at growing intervals, whether the archive has records that the room does not send.

        Raises:
            APIConnectionError: It has. The connection responds to pings, but the room is dead.
        """
        now = self._executor.clock.monotonic()
        if self._query is None or now - self._checked_at < self._check_interval:
            return
        since = self._tracker.first_unsure
        if since is None or self._clip_query(self._query, since, None) is None:  # no record is due
            return
        self._checked_at, self._check_interval = now, min(2 * self._check_interval, _MAX_CHECK_SECONDS)
        before = self._counters.backfilled
        yield from self._fill(self._query, since, None)
        if self._room_is_current and self._counters.backfilled - before > _MAX_IN_TRANSIT:
            message = "the room does not send the latest records: it is dead"
            raise APIConnectionError(message, method="GET", url=self._executor.base_url, sent=True)
        self._room_is_current = True

    def on_wait(self, seconds: float) -> None:
        """Count time spent waiting for the room. Time spent waiting for a slow reader does not count."""
        self._waited += seconds

    def on_disconnect(self) -> None:
        """Mark all active sources as unsure."""
        self._tracker.on_disconnect()

    def _fill_after_break(self, query: DataQuery, items: list[R]) -> EffectGen[None]:
        """Yield records that were lost with a connection and that no hole will reveal."""
        if start_range := self._tracker.pop_start_range(items):
            yield from self._fill_beginning(query, start_range)
        late_range = self._tracker.pop_late_range()
        if late_range and not (yield from self._fill(query, late_range[0], late_range[-1])):
            self._tracker.add_missing(late_range)
        if self._settled and (ended_range := self._tracker.pop_ended_range()):
            yield from self._fill(query, ended_range[0], ended_range[-1])

    def _fill_beginning(self, query: DataQuery, start_range: range) -> EffectGen[None]:
        """Yield records before the first received one and of its second, if that interval is complete."""
        step, missing = self._tracker.step, start_range[:-1]
        last = start_range[-1] if step == 1 else start_range[-1] - step
        if last >= start_range[0] and not (yield from self._fill(query, start_range[0], last)) and missing:
            self._gaps.report(build_gap(missing, None, self._reason))

    def _fill(self, query: DataQuery, first: int, last: int | None) -> EffectGen[bool]:
        """Yield the archive's records of some intervals that were not delivered yet.

        Args:
            query: REST query for the records.
            first: First second of the first interval.
            last: First second of the last interval. None: up to now.

        Returns:
            Whether the request succeeded.
        """
        succeeded = False
        self._last_fetched, self._reason = first - 1, _NO_RECORD
        try:
            for wait in (0.0, *_RETRY_WAITS_SECONDS):
                clipped = self._clip_query(query, max(first, self._last_fetched), last)
                if clipped is None:
                    break
                yield from sleep(wait)
                yield from self._fetch(clipped)
                succeeded = True
                if last is None or self._last_fetched >= last:
                    break
        except CallError as error:
            log.warning("Lost records could not be fetched: %s", error)
            self._reason = str(error)
        self._report_gaps()
        if last is not None:
            self._tracker.note_fetched(first, last)
        return succeeded

    def _clip_query(self, query: DataQuery, first: int, last: int | None) -> DataQuery | None:
        """Return the query, limited to some intervals; None if there is nothing to request."""
        step, seconds = self._tracker.step, query.timestamps()
        start, end = max(first, seconds[0]), None
        if start % step:
            self._reason = _NO_INTERVAL
            return None
        if last is not None:
            end = last + step - 1  # the room has sent later records, even after the end of the query
        elif query.end is not None and self._tracker.newest <= seconds[-1]:
            end = seconds[-1]
        if last is None and step > 1:
            complete_until = int(self._executor.clock.now() - _ARCHIVE_DELAY_SECONDS)
            end = complete_until if end is None else min(complete_until, end)
            end -= (end - start + 1) % step
        if end is not None and end < start:
            return None
        return replace(query, start=_to_datetime(start), end=None if end is None else _to_datetime(end))

    def _fetch(self, query: DataQuery) -> EffectGen[None]:
        log.info("Fetching lost records: %s", query)
        records = stream_resumable(self._executor, PlannedRequest.from_query(query), self._codec, DownloadState())
        yield from redirect_items(self._filter_fetched, records)

    def _filter_fetched(self, records: list[R]) -> EffectGen[None]:
        new = self._tracker.filter_archive(records)
        position = self._tracker.position(records[-1])
        self._last_fetched = max(self._last_fetched, position[0] if position else 0)
        self._counters.backfilled += len(new)
        yield from YieldItem(new)

    def _report_gaps(self) -> None:
        self._counters.late = self._tracker.late
        for name, seconds in self._tracker.pop_missing():
            self._gaps.report(build_gap(seconds, name, self._reason))

    def _note_new(self, new: list[R]) -> None:
        """Note that the room sent something new."""
        self._room_is_current = True
        if self._settled:
            self._tracker.confirm_sources(new)

    @property
    def _settled(self) -> bool:
        """Whether the queue must have sent everything that it held."""
        return self._waited >= _SETTLED_SECONDS

    def _note_time(self, items: list[R]) -> None:
        position = self._tracker.position(items[-1]) if items else None
        if position is None:
            return
        second, _ = position
        self._counters.lag = self._executor.clock.now() - second
        if second - self._waited_since > self._waited + _SETTLED_SECONDS:  # it came from the queue, which may hold more
            self._waited, self._waited_since = 0.0, second


def _to_datetime(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
