"""Takes records as they come over a room, and makes them a sequence without doubles and, if possible, without holes.

What a session's queue sends again after a break is left out. Seconds that were lost with a connection are fetched over
REST, through the same filters, and handed over before the record that shows them to be missing. At a coarser resolution
they are intervals, of which only those are asked for that are over: what the archive gives of others is computed from a
part of them. Within a connection nothing is lost, so a hole there is a hole in the data. What comes together is put in
order; a record that comes later than its successor is handed over as it comes: nothing is held back for it, which would
cost every hole in the data the same delay. Where the connection breaks before it comes, it is fetched too: holes of the
last minute are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from datastore_sdk._io.effects import EffectGen, YieldItem, redirect_items
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import resumed
from datastore_sdk.exceptions import APIConnectionError, CallError
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.instrumentation.mismatches import report_mismatches
from datastore_sdk.realtime.gaps import GapLog, gap
from datastore_sdk.realtime.history_filter import HistoryFilter, service_time, warn_of_start_ahead
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import MessageHandler, pause
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.transport.executor.executor import RequestExecutor

log = get_logger("realtime")

R = TypeVar("R")

_LAGS = (1.0, 2.0, 4.0)
"""How long to wait, in seconds, before the service is asked again for seconds that are so new that it may not have
stored them yet."""
_FIRST_LOOK, _LONGEST_LOOK = 15.0, 600.0
"""How long to wait before, and between looks for records that a silent room may not tell, in seconds."""
_SETTLED = 60.0
"""For how many seconds a connection must have told no more than was measured meanwhile. Then it has told all that was
kept for it, so that a hole is one in the data, and who has told nothing has nothing to tell."""
_UNTOLD = 10
"""More records than may be on their way."""
_OVER = 60.0
"""Seconds after which an interval is over in the archive, too, and by a clock that is wrong."""
_NOT_FILLED = "gaps are not filled (fill_gaps=False, or a fill_data_method, with which records depend on others)"
_NO_INTERVAL = "the records do not begin with the intervals of the resolution"
_NO_RECORD = "the service has no record of them"


class Backfiller(MessageHandler[R]):
    """Sorts out the records of a room.

    Args:
        exchange: Asks for what was lost.
        sources: What was handed over so far, of this connection and those before.
        form: The form of the records.
        query: The question that REST answers with the same records; None: gaps are not filled.
        gaps: Takes note of what is missing.
        counts: Takes note of the rest.
        site_id: The site that the room is of; None: records of any site may come.
        history: Leaves out history that is replayed though no start was given; None: all that comes is wanted.
        begin: The second from which on records are wanted, for a warning if it is ahead; None: any.
    """

    def __init__(
        self,
        exchange: RequestExecutor,
        sources: SequenceTracker[R],
        form: RecordCodec[R],
        query: DataQuery | None,
        gaps: GapLog,
        counts: Counters,
        site_id: int | None = None,
        history: HistoryFilter[R] | None = None,
        begin: int | None = None,
    ) -> None:
        self._begin = begin
        self._history = history
        self._exchange = exchange
        self._site_id = site_id
        self._sources = sources
        self._form = form
        self._query = query
        self._gaps = gaps
        self._counts = counts
        self._looked = -math.inf
        self._waited = 0.0
        self._waited_since = 0
        self._patience = _FIRST_LOOK
        self._told = False
        self._reached = 0
        self._reason = _NOT_FILLED if query is None else _NO_RECORD

    def take(self, items: list[R]) -> EffectGen[bool]:
        """Emits what is new of these, after what was lost before them."""
        items = self._own(items)
        if self._history is not None:
            items = self._history.live(items, self._exchange.clock.monotonic())
        self._note_time(items)
        self._sources.now = self._exchange.clock.now()
        self._patience = _FIRST_LOOK
        if self._query is not None:
            yield from self._look_behind(self._query, items)
        rest, count = items, 0
        while rest:
            new, lost, rest = self._sources.new_of(rest, stop=self._query is not None, settled=self._settled)
            self._report()
            if new:
                count += len(new)
                self._note(new)
                yield from YieldItem(new)
            if lost and self._query is not None:
                yield from self._fill(self._query, lost[0], lost[-1])
        self._counts.doubled += len(items) - count
        return count > 0

    def _own(self, items: list[R]) -> list[R]:
        """The records that do not say that they are of another site; reports the others."""
        if self._site_id is None:
            return items
        fitting = (None, self._site_id)
        sites = [(self._form.position(item) or fitting)[1] for item in items]
        others = [site for site in sites if site not in fitting]
        if not others:
            return items
        report_mismatches("records of a room", "site_id", str(self._site_id), others, len(others), len(items))
        return [item for item, site in zip(items, sites, strict=True) if site in fitting]

    def shake_hands(self, headers: Mapping[str, str]) -> None:
        """Note the time of the service."""
        now = service_time(headers, self._exchange.clock.now())
        if self._history is not None:
            self._history.enter(now)
        if self._begin is not None:
            warn_of_start_ahead(self._begin, now, "live data")
            self._begin = None

    def entered(self) -> EffectGen[None]:
        """Whether something was lost is seen when something comes, or when nothing does."""
        self._waited, self._waited_since = 0.0, self._sources.newest
        self._looked, self._patience, self._told = -math.inf, _FIRST_LOOK, False
        yield from ()

    def silent(self) -> EffectGen[None]:
        """Looks, less and less often, whether there is something that the room does not tell.

        Raises:
            APIConnectionError: There is: the other side answers, but the room is dead.
        """
        now = self._exchange.clock.monotonic()
        if self._query is None or now - self._looked < self._patience:
            return
        since = self._sources.next_second
        if since is None or self._clipped(self._query, since, None) is None:  # nothing is due yet, or any more
            return
        self._looked, self._patience = now, min(2 * self._patience, _LONGEST_LOOK)
        before = self._counts.filled
        yield from self._fill(self._query, since, None)
        if self._told and self._counts.filled - before > _UNTOLD:
            message = "the room has told nothing of the latest records: it is dead"
            raise APIConnectionError(message, method="GET", url=self._exchange.base_url, sent=True)
        self._told = True

    def waited(self, seconds: float) -> None:
        """While it is waited for the room, not for whoever reads, it has told all that there was to tell."""
        self._waited += seconds

    def broken(self) -> None:
        """Whatever comes next may come after a hole."""
        self._sources.broken()

    def _look_behind(self, query: DataQuery, items: list[R]) -> EffectGen[None]:
        """Emits what was lost with a connection before these came, and of which no hole will tell."""
        if expected := self._sources.take_expected(items):
            yield from self._fill_beginning(query, expected)
        awaited = self._sources.take_awaited()
        if awaited and not (yield from self._fill(query, awaited[0], awaited[-1])):
            self._sources.miss(awaited)
        if self._settled and (ended := self._sources.take_ended()):
            yield from self._fill(query, ended[0], ended[-1])

    def _fill_beginning(self, query: DataQuery, expected: range) -> EffectGen[None]:
        """Emits what was lost before the very first record, and of its second, unless that interval is not over yet."""
        step, missing = self._sources.step, expected[:-1]
        last = expected[-1] if step == 1 else expected[-1] - step
        if last >= expected[0] and not (yield from self._fill(query, expected[0], last)) and missing:
            self._gaps.report(gap(missing, None, self._reason))

    def _fill(self, query: DataQuery, first: int, last: int | None) -> EffectGen[bool]:
        """Emits what REST has of some intervals, by their first seconds, or from one on, and was not handed over.

        Returns:
            Whether it could be asked.
        """
        known = False
        self._reached, self._reason = first - 1, _NO_RECORD
        try:
            for wait in (0.0, *_LAGS):
                asked = self._clipped(query, max(first, self._reached), last)
                if asked is None:
                    break
                yield from pause(wait)
                yield from self._ask(asked)
                known = True
                if last is None or self._reached >= last:
                    break
        except CallError as error:
            log.warning("What was lost could not be fetched: %s", error)
            self._reason = str(error)
        self._report()
        if last is not None:
            self._sources.asked(first, last)
        return known

    def _clipped(self, query: DataQuery, first: int, last: int | None) -> DataQuery | None:
        """The question for some of the intervals that a query asks for; None where there is no sense in it."""
        step, seconds = self._sources.step, query.seconds()
        start, end = max(first, seconds[0]), None
        if start % step:
            self._reason = _NO_INTERVAL
            return None
        if last is not None:
            end = last + step - 1  # the room has told what comes after it, wherever the query ends
        elif query.end is not None and self._sources.newest <= seconds[-1]:
            end = seconds[-1]
        if last is None and step > 1:
            over = int(self._exchange.clock.now() - _OVER)
            end = over if end is None else min(over, end)
            end -= (end - start + 1) % step
        if end is not None and end < start:
            return None
        return replace(query, start=_moment(start), end=None if end is None else _moment(end))

    def _ask(self, query: DataQuery) -> EffectGen[None]:
        log.info("Asking for what was lost: %s", query)
        lost = resumed(self._exchange, PlannedRequest.of(query), self._form, Download())
        yield from redirect_items(self._of_lost, lost)

    def _of_lost(self, records: list[R]) -> EffectGen[None]:
        new = self._sources.new_of_archive(records)
        place = self._sources.position(records[-1])
        self._reached = max(self._reached, place[0] if place else 0)
        self._counts.filled += len(new)
        yield from YieldItem(new)

    def _report(self) -> None:
        self._counts.late = self._sources.late
        for name, seconds in self._sources.take_missing():
            self._gaps.report(gap(seconds, name, self._reason))

    def _note(self, new: list[R]) -> None:
        """The room tells something new."""
        self._told = True
        if self._settled:
            self._sources.heard(new)

    @property
    def _settled(self) -> bool:
        """Whether the queue must have told what it had kept."""
        return self._waited >= _SETTLED

    def _note_time(self, items: list[R]) -> None:
        place = self._sources.position(items[-1]) if items else None
        if place is None:
            return
        second, _ = place
        self._counts.lag = self._exchange.clock.now() - second
        if second - self._waited_since > self._waited + _SETTLED:  # it was kept, and more may have been
            self._waited, self._waited_since = 0.0, second


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
