"""Track which records of a query were delivered, so that requests made after a break deliver each record once.

While nothing breaks, delivered records are only kept as the text that they came in. After a break they are indexed by
digest. A later response is compared with the index: records that it repeats are left out, as often as they were
delivered; records that it lacks although it must have them mean that the data has changed.
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
    """The records of one query that were delivered.

    Args:
        of_one_site: Whether the records are those of one site.
        store: Where their text goes if it does not fit in memory.
    """

    def __init__(self, *, of_one_site: bool, store: TextStore | None = None) -> None:
        self.count = 0
        """How many records were delivered."""
        self.last_second: int | None = None
        """The second of the record that was delivered last; None if it cannot be read."""
        self.known_from: int | None = None
        """The first second whose delivered records are all indexed; None if all records are."""
        self._order = _RecordOrder(interleaved=of_one_site)
        self._texts = DeliveredTexts(store or TemporaryStore())
        self._looked_through = 0
        """How many of the texts on disk were looked through for their order."""
        self._spilled_latest: int | None = None
        """The latest second of those."""
        self._index: DeliveryIndex | None = None
        self._range = ALL_SECONDS
        self._expected = 0
        self._busy = Lock()
        """Held while the index is being written: a cancelled task does not wait for the thread that does it."""
        self._closed = False

    @classmethod
    def for_query(cls, query: DataQuery, store: TextStore | None = None) -> DeliveryTracker:
        """Return a tracker for a query."""
        return cls(of_one_site=query.source == "site", store=store)

    @property
    def in_time_order(self) -> bool:
        """Whether the records came in order of time, and not site by site."""
        return self._order.by_time and self._order.interleaved

    @property
    def readable(self) -> bool:
        """Whether every record has a timestamp that can be read."""
        return self._order.readable

    @property
    def earliest(self) -> int | None:
        """The earliest second."""
        return self._order.earliest

    @property
    def latest(self) -> int | None:
        """The latest second."""
        return self._order.latest

    def deliver(self, batch: Batch[Any]) -> None:
        """Add records that are about to be delivered."""
        self.add(batch.text, len(batch.records), parse_second(batch.codec.read_keys(batch.records[-1])[0]))

    def add(self, text: bytes, count: int, last_second: int | None) -> None:
        """Add records that are given as a JSON array.

        Args:
            text: The array.
            count: How many they are.
            last_second: The second of the last one; None if it cannot be read.
        """
        self.count += count
        self.last_second = last_second
        self._texts.append(text)

    def index(self, *, everything: bool) -> None:
        """Find out the order of what was delivered since the last break, and index it.

        Args:
            everything: Whether all of it can be requested again. Otherwise of records in order of time those on disk
                are left there, and `known_from` says which they are.

        Raises:
            OSError: Not everything could be kept, because the disk is full or the like.
        """
        try:
            with self._busy:
                self._find_order_and_index(everything=everything)
        finally:
            self._close_if_idle()

    def expect(self, seconds: SecondRange) -> None:
        """Begin another response, which must repeat what was delivered of these seconds."""
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
        """Return how many records the response lacked, after its end."""
        return self._expected

    def close(self) -> None:
        """Let go of files; at its end where `index` is still running in a thread."""
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
        for text in self._texts.read_spilled(self._looked_through):
            self._order.note_all(identify_records(text))
            self._looked_through += 1
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
        """Index the texts on disk, in whatever order their records are."""
        for number, text in enumerate(self._texts.read_spilled()):
            found = identify_records(text)
            if number >= self._looked_through:
                self._order.note_all(found)
            self._add_to_index(found)
        self._texts.clear_spilled()
        self._looked_through, self._spilled_latest, self.known_from = 0, None, None

    def _add_to_index(self, records: list[Identity]) -> None:
        if self._index is None:
            self._index = DeliveryIndex()
        self._index.add(records)


class _RecordOrder:
    """The order in which records came.

    Args:
        interleaved: Whether it is known that records do not come site by site.
    """

    def __init__(self, *, interleaved: bool) -> None:
        self.interleaved = interleaved
        """Whether records of one site came before and after one of another site."""
        self.by_time = True
        """Whether no record came after one of a later second."""
        self.readable = True
        """Whether every record had a timestamp that could be read."""
        self.latest: int | None = None
        """The latest second."""
        self.earliest: int | None = None
        """The earliest second."""
        self._site: str = ""
        self._sites: set[str] = set()

    def note_all(self, identities: Iterable[Identity]) -> None:
        """Take in the next records."""
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
        name = str(site)  # whatever the service sends
        if name != self._site:
            self.interleaved |= name in self._sites
            self._sites.add(name)
            self._site = name
