"""Builds a table of records, batch by batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import msgspec
import pyarrow as pa

from datastore_sdk.data.descriptions import Descriptions
from datastore_sdk.data.tables.columns import Columns
from datastore_sdk.data.tables.reading import Reader

_BATCH = 1 << 20
"""How many bytes of JSON text make a batch."""
_THREADS = 2
"""How many batches are read at a time. More would wait for the network, or for the memory that they need."""


class Store(Protocol):
    """Where batches wait until all columns are known: a list, or a spool."""

    def append(self, batch: pa.RecordBatch, /) -> None:
        """Adds a batch."""
        ...

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...


class TableBuilder:
    """Takes in all records, then gives them as batches of one schema.

    Threads read batches while the next records arrive: the parser lets them run side by side. They end with `close`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = Reader()
        self._columns = Columns()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="restream-table")
        self._under_way: deque[Future[pa.RecordBatch]] = deque()
        self._texts: list[msgspec.Raw] = []
        self._size = 0

    def add(self, texts: list[msgspec.Raw]) -> None:
        """Takes in the JSON texts of records."""
        self._texts += texts
        self._size += sum(memoryview(text).nbytes for text in texts)
        if self._size >= _BATCH:
            self._flush()

    def finish(self, descriptions: Descriptions) -> pa.RecordBatchReader:
        """All records, as a stream that can be read once."""
        self._flush()
        self._store_all_but(0)
        schema = self._columns.schema(descriptions)
        batches = (self._columns.shaped(batch, schema) for batch in self._store)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def close(self) -> None:
        """Ends the threads, and leaves the store to its owner."""
        self._threads.shutdown(cancel_futures=True)

    def _flush(self) -> None:
        texts, self._texts, self._size = self._texts, [], 0
        if texts:
            self._store_all_but(_THREADS)
            self._under_way.append(self._threads.submit(self._reader.read, texts))

    def _store_all_but(self, count: int) -> None:
        """Waits until no more than so many batches are being read, and puts those that are ready into the store."""
        while len(self._under_way) > count:
            batch = self._under_way.popleft().result()
            self._columns.note(batch)
            self._store.append(batch)
