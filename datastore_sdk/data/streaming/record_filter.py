"""Drop records that were not requested: a service may ignore a parameter of the query."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from datastore_sdk._io.json_body import parse_id
from datastore_sdk.data.streaming.batch import Batch
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.json_decoder import RecordDecodeError, decode_dicts
from datastore_sdk.data.streaming.record_identity import parse_second
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
        keys = _read_keys(batch)
        seconds = [parse_second(timestamp) for timestamp, _ in keys]
        if self._shared is not None and None in seconds:
            self._refuse(keys[seconds.index(None)][0])
        wanted = [
            self._is_requested_site(site) and self._is_requested_time(second)
            for second, (_, site) in zip(seconds, keys, strict=True)
        ]
        self._note(keys, wanted)
        if self._shared is not None:
            wanted = [want and second != self._shared for want, second in zip(wanted, seconds, strict=True)]
        return batch.select(wanted)

    def report(self) -> None:
        """Report the dropped records."""
        for key, requested, dropped in (
            ("site_id", str(self._site), self._dropped_sites),
            ("timestamp", _format_range(self._first, self._last), self._dropped_times),
        ):
            if dropped.count:
                report_mismatches(self._source, key, requested, dropped.examples, dropped.count, self._received)

    def _note(self, keys: list[tuple[Any, Any]], wanted: list[bool]) -> None:
        for (timestamp, site), want in zip(keys, wanted, strict=True):
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


def _read_keys(batch: Batch[Any]) -> list[tuple[Any, Any]]:
    """Return timestamp and site of each record."""
    if batch.codec is not DICTS:
        with suppress(RecordDecodeError):  # nested too deeply
            return [*map(DICTS.read_keys, decode_dicts(batch.text))]
    return [*map(batch.codec.read_keys, batch.records)]


def _format_range(first: int | None, last: int | None) -> str:
    if first is None:
        return f"{last} or earlier"
    return f"{first} or later" if last is None else f"{first} to {last}"
