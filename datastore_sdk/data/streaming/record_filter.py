"""Drop records that were not requested: a service may ignore a parameter of the query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import msgspec

from datastore_sdk._io.json_body import parse_id
from datastore_sdk.data.streaming.batch import Batch
from datastore_sdk.data.streaming.codecs import parse_keys
from datastore_sdk.data.streaming.record_identity import MAX_SECOND, parse_second
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.exceptions import ResponseValidationError
from datastore_sdk.instrumentation.mismatches import SHOWN, report_mismatches

R = TypeVar("R")

_CHECKED_BYTES = 1 << 20
"""Number of bytes of a response that are checked record by record.

After that, only the first and last record of each batch are checked: a service that ignores a parameter does so from
the beginning on.
"""


class _DroppedValues:
    """Values of the dropped records."""

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[Any] = []

    def add(self, value: Any) -> None:
        """Count a record, and keep its value as an example."""
        self.count += 1
        if len(self.examples) <= SHOWN and value not in self.examples:
            self.examples.append(value)


class RecordFilter:
    """Filter for the records of one response, which drops those of another site or time than requested.

    Records without a site or timestamp are kept.

    Args:
        part: The requested part of a query.
        source: Name of the operation, for reports.
        method: Method of the request.
        url: URL of the request.
    """

    def __init__(self, part: PlannedRequest, source: str, method: str, url: str) -> None:
        query = part.query
        self._source = source
        self._site = query.id if query.source == "site" else None
        first, last = query.bounds()
        slack = query.resolution_seconds - 1  # a coarser record can start before the range
        self._first = None if first is None else first - slack
        self._last = None if last is None else last + slack
        self._shared = last if part.shares_last_second else None
        self._shared_text = str(last).encode()
        self._seconds = range(
            1 - MAX_SECOND if self._first is None else self._first, MAX_SECOND if self._last is None else self._last + 1
        )
        """The requested seconds."""
        self._request = {"method": method, "url": url}
        self._checked = 0
        self._received = 0
        self._dropped_sites = _DroppedValues()
        self._dropped_times = _DroppedValues()

    def filter(self, batch: Batch[R]) -> Batch[R]:
        """Return the requested records of a batch.

        Raises:
            ResponseValidationError: A record has no readable timestamp, so a neighbouring part may have it too.
        """
        self._received += len(batch.records)
        if not self._needs_check(batch):
            return batch
        self._checked += len(batch.text)
        usual = _read_usual_keys(batch)
        if usual is not None and self._are_requested(*usual):
            return self._drop_shared(batch, usual[0])
        timestamps, sites = _read_keys(batch)
        seconds = [*map(parse_second, timestamps)]
        if self._shared is not None and None in seconds:
            self._refuse(timestamps[seconds.index(None)])
        wanted = [
            self._is_requested_site(site) and self._is_requested_time(second)
            for second, site in zip(seconds, sites, strict=True)
        ]
        self._note(timestamps, sites, wanted)
        if self._shared is not None:
            wanted = [want and second != self._shared for want, second in zip(wanted, seconds, strict=True)]
        return batch.select(wanted)

    def _drop_shared(self, batch: Batch[R], seconds: list[int]) -> Batch[R]:
        """Return the records without those of the second that belongs to the next part."""
        if self._shared not in seconds:
            return batch
        return batch.select([second != self._shared for second in seconds])

    def report(self) -> None:
        """Report the dropped records."""
        for key, requested, dropped in (
            ("site_id", str(self._site), self._dropped_sites),
            ("timestamp", _format_range(self._first, self._last), self._dropped_times),
        ):
            if dropped.count:
                report_mismatches(self._source, key, requested, dropped.examples, dropped.count, self._received)

    def _note(self, timestamps: list[Any], sites: list[Any], wanted: list[bool]) -> None:
        for timestamp, site, want in zip(timestamps, sites, wanted, strict=True):
            if want:
                continue
            if self._is_requested_site(site):
                self._dropped_times.add(timestamp)
            else:
                self._dropped_sites.add(site)

    def _needs_check(self, batch: Batch[Any]) -> bool:
        if self._dropped_sites.count or self._dropped_times.count or self._checked < _CHECKED_BYTES:
            return True
        if self._shared is not None and self._shared_text in batch.text:
            return True
        for record in (batch.records[0], batch.records[-1]):
            timestamp, site = batch.codec.read_keys(record)
            second = parse_second(timestamp) if isinstance(timestamp, int | float) else None
            if second is None or not (self._is_requested_site(site) and self._is_requested_time(second)):
                return True
        return False

    def _are_requested(self, seconds: list[int], sites: set[int]) -> bool:
        """Return whether all records are requested."""
        return (
            min(seconds) in self._seconds
            and max(seconds) in self._seconds
            and (self._site is None or sites == {self._site})
        )

    def _is_requested_site(self, site: Any) -> bool:
        return self._site is None or site == self._site or parse_id(site) in (None, self._site)

    def _is_requested_time(self, second: int | None) -> bool:
        if second is None:
            return True
        return (self._first is None or second >= self._first) and (self._last is None or second <= self._last)

    def _refuse(self, timestamp: Any) -> NoReturn:
        raise ResponseValidationError(
            f"{self._request['method']} {self._request['url']}: a record has the timestamp {timestamp!r}, which "
            "does not say to which part of the time range it belongs. Request the range without parallel=",
            **self._request,
        )


class _UsualKeys(msgspec.Struct, gc=False):
    """The keys of a record in their usual form."""

    timestamp: int
    site_id: int


_parse_usual_keys: Callable[[bytes], list[_UsualKeys]] = msgspec.json.Decoder(list[_UsualKeys]).decode


def _read_usual_keys(batch: Batch[Any]) -> tuple[list[int], set[int]] | None:
    """Return the timestamps and the sites of the records; None if one of them does not have the usual form."""
    try:
        keys = _parse_usual_keys(batch.text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ([each.timestamp for each in keys], {each.site_id for each in keys}) if keys else None


def _read_keys(batch: Batch[Any]) -> tuple[list[Any], list[Any]]:
    """Return the timestamps and the sites of the records."""
    try:
        keys = parse_keys(batch.text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # lone surrogates, or nested too deeply
        pairs = [*map(batch.codec.read_keys, batch.records)]
        return [timestamp for timestamp, _ in pairs], [site for _, site in pairs]
    return [each.timestamp for each in keys], [each.site_id for each in keys]


def _format_range(first: int | None, last: int | None) -> str:
    if first is None:
        return f"{last} or earlier"
    return f"{first} or later" if last is None else f"{first} to {last}"
