"""Track the delivered records of a query, so that requests after a break deliver each record once.

Until a break, delivered records are only kept as the JSON text in which they were received. After a break, they are
indexed by digest, and each response is compared with the index. Records that the response repeats are left out, as
often as they were delivered. If the response must repeat a record and lacks it, the data has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any, TypeVar

from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.batch import Batch
from datastore_sdk.data.streaming.delivered_texts import DeliveredTexts, TemporaryStore, TextStore
from datastore_sdk.data.streaming.delivery_index import ALL_SECONDS, DeliveryIndex, SecondRange, is_in_range
from datastore_sdk.data.streaming.record_identity import Identity, identify_records, parse_second

R = TypeVar("R")


class DeliveryTracker:
    """The delivered records of one query.

    Args:
        is_one_site: Whether the query is for one site.
        store: Holds the texts that do not fit in memory.
    """

    def __init__(self, *, is_one_site: bool, store: TextStore | None = None) -> None:
        self.count = 0
        """Number of delivered records."""
        self.last_second: int | None = None
        """Second of the last delivered record; None if its timestamp is unreadable."""
        self.known_from: int | None = None
        """First second from which on all delivered records are indexed; None if all records are."""
        self._order = _RecordOrder(interleaved=is_one_site)
        self._texts = DeliveredTexts(store or TemporaryStore())
        self._ordered_texts = 0
        """Number of stored texts whose order is known."""
        self._spilled_latest: int | None = None
        """Latest second in those texts."""
        self._index: DeliveryIndex | None = None
        self._range = ALL_SECONDS
        self._expected = 0
        self._busy = Lock()
        """Held while the index is written: a cancelled task does not wait for the thread that writes it."""
        self._closed = False

    @classmethod
    def for_query(cls, query: DataQuery, store: TextStore | None = None) -> DeliveryTracker:
        """Return a tracker for a query."""
        return cls(is_one_site=query.source == "site", store=store)

    @property
    def in_time_order(self) -> bool:
        """Whether the records were in order of time, and not site by site."""
        return self._order.by_time and self._order.interleaved

    @property
    def readable(self) -> bool:
        """Whether every record has a readable timestamp."""
        return self._order.readable

    @property
    def earliest(self) -> int | None:
        """Earliest second."""
        return self._order.earliest

    @property
    def latest(self) -> int | None:
        """Latest second."""
        return self._order.latest

    def deliver(self, batch: Batch[Any]) -> None:
        """Add records that are about to be delivered."""
        self.add(batch.text, len(batch.records), parse_second(batch.codec.read_keys(batch.records[-1])[0]))

    def add(self, text: bytes, count: int, last_second: int | None) -> None:
        """Add the records of a JSON array.

        Args:
            text: The array.
            count: Number of records.
            last_second: Second of the last record; None if its timestamp is unreadable.
        """
        self.count += count
        self.last_second = last_second
        self._texts.append(text)

    def index(self, *, everything: bool) -> None:
        """Determine the order of the records delivered since the last break, and index them.

        Args:
            everything: Whether the next response can repeat any record. Otherwise, if records are in order of time,
                those in the store are not indexed, and `known_from` is set.

        Raises:
            OSError: Texts were lost, because the disk was full or failed.
        """
        try:
            with self._busy:
                self._find_order_and_index(everything=everything)
        finally:
            self._close_if_idle()

    def expect(self, seconds: SecondRange) -> None:
        """Start another response, which must repeat the delivered records of these seconds."""
        if self._index is not None:
            self._range = seconds
            self._expected = self._index.expect(seconds)

    def filter_undelivered(self, batch: Batch[R]) -> Batch[R]:
        """Return the records of a response that were not delivered before."""
        if not self._expected or self._index is None:
            return batch
        found = identify_records(batch.text)
        repeated = self._index.find([identity.digest for identity in found])
        self._expected -= sum(
            again and is_in_range(identity.second, self._range) for again, identity in zip(repeated, found, strict=True)
        )
        return batch.select([not again for again in repeated])

    def count_missing(self) -> int:
        """Return the number of records that a complete response lacks."""
        return self._expected

    def close(self) -> None:
        """Close files. If `index` still runs in a thread, it closes them when it ends."""
        self._closed = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._closed and self._busy.acquire(blocking=False):
            try:
                self._texts.clear()
                if self._index is not None:
                    self._index.close()
            finally:
                self._busy.release()

    def _find_order_and_index(self, *, everything: bool) -> None:
        for text in self._texts.read_spilled(self._ordered_texts):
            self._order.note_all(identify_records(text))
            self._ordered_texts += 1
            self._spilled_latest = self.latest
            if not self._order.by_time:
                break
        recent = [identify_records(text) for text in self._texts.take_recent()]
        for found in recent:
            self._order.note_all(found)
        if everything or not self.in_time_order or self._spilled_latest == self.latest:
            self._index_spilled()
        elif self._spilled_latest is not None:
            self.known_from = self._spilled_latest + 1
        for found in recent:
            self._add_to_index(found)

    def _index_spilled(self) -> None:
        """Index the stored texts, for any order of records."""
        for number, text in enumerate(self._texts.read_spilled()):
            found = identify_records(text)
            if number >= self._ordered_texts:
                self._order.note_all(found)
            self._add_to_index(found)
        self._texts.clear_spilled()
        self._ordered_texts, self._spilled_latest, self.known_from = 0, None, None

    def _add_to_index(self, records: list[Identity]) -> None:
        if self._index is None:
            self._index = DeliveryIndex()
        self._index.add(records)


class _RecordOrder:
    """Order of delivered records.

    Args:
        interleaved: Whether the records are known not to be site by site.
    """

    def __init__(self, *, interleaved: bool) -> None:
        self.interleaved = interleaved
        """Whether a record of another site was between two records of one site."""
        self.by_time = True
        """Whether no record was earlier than the record before it."""
        self.readable = True
        """Whether every record has a readable timestamp."""
        self.latest: int | None = None
        """Latest second."""
        self.earliest: int | None = None
        """Earliest second."""
        self._site: str = ""
        self._sites: set[str] = set()

    def note_all(self, identities: Iterable[Identity]) -> None:
        """Note the next records."""
        for identity in identities:
            self._note(identity)

    def _note(self, identity: Identity) -> None:
        second = identity.second
        if second is None:
            self.readable = self.by_time = False
        elif self.latest is None or second >= self.latest:
            self.latest = second
        else:
            self.by_time = False
        if second is not None and (self.earliest is None or second < self.earliest):
            self.earliest = second
        if not self.interleaved:
            self._note_site(identity.site)

    def _note_site(self, site: Any) -> None:
        name = str(site)  # the service may send any JSON value
        if name != self._site:
            self.interleaved |= name in self._sites
            self._sites.add(name)
            self._site = name
