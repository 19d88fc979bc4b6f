"""Plan of the requests for a query: what to request next, until complete responses cover the whole query.

A complete response covers the range of its request, for any order of records. A response that breaks off covers nothing
for certain, since records of any time may be missing. The next request depends on the order of the records so far:

- In order of time: the rest, from the last second on. After that, the range before that second once more, for records
  that had not come yet: late ones, or those of another site.
- In any other order: the whole range. If that response breaks too: slices of time, shorter after each break.
- If records have no place in time (a resolution, a fill method, no timestamps): the whole query, each time.

Records that were delivered before are left out of each response, see `dedup`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.delivery_index import ALL_SECONDS, SecondRange

_MIN_SHARED_SLICE_SECONDS = 600
"""Minimum length in seconds of slices that are made shorter only because other calls wait for their turn."""


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """A part of a query that one request covers.

    Neighbouring parts share a second, since a record can lie between two whole seconds. The second belongs to the later
    part.
    """

    query: DataQuery
    """The query of the request."""
    seconds: SecondRange
    """The seconds whose records are part of it; `EVERYTHING` if it is the whole query."""
    shares_last_second: bool = False
    """Whether the last second of the query belongs to another part."""

    @classmethod
    def from_query(cls, query: DataQuery, *, shares_last_second: bool = False) -> PlannedRequest:
        """Return the part that covers a query."""
        if not shares_last_second:
            return cls(query, ALL_SECONDS)
        first, last = query.bounds()
        return cls(query, (first, last and last - 1), shares_last_second)


class RequestPlan:
    """The remaining requests for a part of a query.

    Args:
        whole: The part.
        tracker: The records of it that were delivered.
    """

    def __init__(self, whole: PlannedRequest, tracker: DeliveryTracker) -> None:
        self._whole = whole
        self._tracker = tracker
        self._ranges = [self._whole_range()]
        """The ranges that are not covered yet, in order."""
        self._checking = False
        """Whether the range was delivered, and is requested once more for late records."""
        self._whole_again = False
        """Whether the whole part is requested a second time."""
        self._unchecked = False
        """Whether earlier seconds were taken to be covered, since records were in order of time."""
        self._slice: int | None = None
        """Length of slices in seconds; None if ranges are requested whole."""

    @property
    def complete(self) -> bool:
        """Whether the whole part is covered."""
        return not self._ranges

    @property
    def depends_on_order(self) -> bool:
        """Whether the next request depends on the records of the current response."""
        return len(self._ranges) > 1 or self._unchecked

    @property
    def repeats_everything(self) -> bool:
        """Whether the next response can repeat any delivered record."""
        return self._whole_again or not self._whole.query.resumable

    def start_after(self, covered_from: int | None) -> None:
        """Start a plan for a part of which records were delivered.

        Args:
            covered_from: The second from which on the part is covered; None if nothing is for certain.
        """
        if covered_from is None:
            self.replan(shared=False)
        else:
            self._request_rest(covered_from)
            del self._ranges[0]
            self._checking = True

    def next_request(self) -> PlannedRequest:
        """Return the next request."""
        range_ = self._next_slice()
        if range_ == self._whole_range():
            return self._whole
        query = replace(self._whole.query, start=_to_datetime(range_.first), end=_to_datetime(range_.last))
        if range_.shares_last:
            return PlannedRequest.from_query(query, shares_last_second=True)
        return PlannedRequest(query, (range_.first, range_.last))

    def fix_end(self, started: float | None) -> None:
        """Give a query without an end one, so that later requests are for the same records.

        Args:
            started: Start of the first response, in unix seconds by the service's clock; None if unknown.
        """
        query, latest = self._whole.query, self._tracker.latest
        if query.end is not None or query.stage_number is not None or started is None:
            return
        if latest is not None and latest > started:
            return  # the service's clock is not the clock of its records
        last = int(started)
        self._whole = PlannedRequest.from_query(replace(query, end=_to_datetime(last)))
        self._ranges = [range_ if range_.last is not None else replace(range_, last=last) for range_ in self._ranges]

    def mark_complete(self) -> None:
        """Note that the response to the last request was complete."""
        covered = self._next_slice()
        if self._slice is not None:
            self._slice += max(self._slice // 4, 1)
        if covered != self._ranges[0]:
            self._ranges[0] = replace(self._ranges[0], first=covered.last)
            return
        del self._ranges[0]
        self._checking = True  # all remaining ranges are checks
        if not self._ranges and self._unchecked and not self._tracker.in_time_order:
            self._request_whole_again()

    def replan(self, *, shared: bool) -> bool:
        """Decide what to request after a response with records broke off.

        Args:
            shared: Whether the response was ended in favour of another request.

        Returns:
            Whether another request can succeed even if it breaks in the same place.
        """
        tracker = self._tracker
        if not (self._whole.query.resumable and tracker.readable):
            return False
        if self._slice is None and not self._checking and not self._whole_again:
            if tracker.in_time_order and tracker.latest is not None:
                self._request_rest(tracker.latest)
                return False
            self._request_whole_again()
            return True
        return self._divide(_MIN_SHARED_SLICE_SECONDS if shared else 1)

    def _request_whole_again(self) -> None:
        self._whole_again = True
        self._unchecked = False
        self._ranges = [self._whole_range()]

    def _request_rest(self, second: int) -> None:
        """Request the rest from a second on, and then the range before it once more."""
        all_ = self._whole_range()
        first, known_from = all_.first, self._tracker.known_from
        if known_from is not None:
            first = max(known_from, first or 0)
            self._unchecked = True
        self._ranges = [replace(all_, first=second)]
        if first is None or first < second:
            self._ranges.append(_Range(first, second, shares_last=True))

    def _divide(self, shortest: int) -> bool:
        """Request shorter slices, if possible; return whether they are shorter."""
        piece = self._next_slice()
        if piece.first is None or piece.last is None:
            return self._split_open_range()
        length = piece.last - piece.first
        self._slice = max(length // 2, min(length, shortest), 1)
        return self._slice < length

    def _split_open_range(self) -> bool:
        """Split off the seconds between known records, which can be divided further."""
        range_, earliest, latest = self._ranges[0], self._tracker.earliest, self._tracker.latest
        if earliest is None or latest is None or earliest >= latest:
            return False
        first = earliest if range_.first is None else range_.first
        last = latest if range_.last is None else range_.last
        if first >= last:
            return False
        known = [_Range(first, last, shares_last=range_.shares_last or range_.last is None)]
        before = [_Range(None, first, shares_last=True)] if range_.first is None else []
        behind = [replace(range_, first=last)] if range_.last is None else []
        self._ranges[:1] = [*before, *known, *behind]
        self._slice = max((last - first) // 2, 1)
        return True

    def _next_slice(self) -> _Range:
        """Return the first range, or the first slice of it."""
        range_ = self._ranges[0]
        if self._slice is None or range_.first is None or range_.last is None:
            return range_
        last = range_.first + self._slice
        return range_ if last >= range_.last else _Range(range_.first, last, shares_last=True)

    def _whole_range(self) -> _Range:
        first, last = self._whole.query.bounds()
        return _Range(first, last, shares_last=self._whole.shares_last_second)


@dataclass(frozen=True, slots=True)
class _Range:
    """A range of seconds."""

    first: int | None
    last: int | None
    shares_last: bool
    """Whether the last second belongs to another range."""


def _to_datetime(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, tz=UTC)
