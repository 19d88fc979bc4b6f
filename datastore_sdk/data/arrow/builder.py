"""Build a table of records, batch by batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from itertools import cycle
from typing import Protocol

import msgspec
import pyarrow as pa

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk.data.arrow.parser import ArrowParser
from datastore_sdk.data.arrow.schema import ColumnTypes
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.transport.http.worker_thread import WorkerThread

_BATCH = 1 << 20
"""Minimum size of a batch in bytes of JSON text."""
_THREADS = 2
"""Number of batches parsed at a time. More would wait for the network, and need more memory."""


class BatchStore(Protocol):
    """Store of batches until all columns are known: a list, or a spool."""

    def append(self, batch: pa.RecordBatch, /) -> None:
        """Add a batch."""
        ...

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...


class TableBuilder:
    """Collects all records, then returns them as batches of one schema.

    Threads parse batches while the next records arrive: the parser releases the GIL. They end with `close`.
    """

    def __init__(self, store: BatchStore) -> None:
        self._store = store
        self._reader = ArrowParser()
        self._columns = ColumnTypes()
        # The standard library's executors refuse work as soon as the main thread has ended.
        self._workers = [WorkerThread("restream-table") for _ in range(_THREADS)]
        self._next_worker = cycle(self._workers)
        self._under_way: deque[Future[pa.RecordBatch]] = deque()
        self._texts: list[msgspec.Raw] = []
        self._size = 0

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:
        """Set the columns that come first in any case, and those of a file without records."""
        self._columns.set_columns(columns, fallback)

    def add(self, texts: list[msgspec.Raw]) -> EffectGen[None] | None:
        """Add the JSON texts of records. Return effects to carry out before the next call, if there are any.

        Waiting for a parsed batch is such an effect, so that it does not block an event loop.
        """
        self._texts += texts
        self._size += sum(map(len, texts))
        return self._flushed() if self._size >= _BATCH else None

    def finish(self, descriptions: FieldMetadataByName) -> pa.RecordBatchReader:
        """Return all records as a stream that can be read once."""
        self._flush()
        while self._under_way:
            self._put_away(self._under_way.popleft())
        schema = self._columns.build_schema(descriptions)
        batches = (self._columns.convert(batch, schema) for batch in self._store)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def close(self) -> None:
        """End the threads. The store stays open."""
        for worker in self._workers:
            worker.stop()

    def _flushed(self) -> EffectGen[None]:
        while self._size >= _BATCH:
            while len(self._under_way) > _THREADS:
                yield from RunBlocking(partial(self._put_away, self._under_way.popleft()))
            rest = self._beyond_a_batch()
            self._flush()
            self._texts, self._size = rest, sum(memoryview(text).nbytes for text in rest)

    def _beyond_a_batch(self) -> list[msgspec.Raw]:
        """Remove and return the records beyond a batch: batches must not depend on network chunks."""
        size, count = self._size, len(self._texts)
        while (smaller := size - memoryview(self._texts[count - 1]).nbytes) >= _BATCH:
            size, count = smaller, count - 1
        rest = self._texts[count:]
        del self._texts[count:]
        return rest

    def _flush(self) -> None:
        texts, self._texts, self._size = self._texts, [], 0
        if texts:
            self._under_way.append(next(self._next_worker).submit(partial(self._reader.parse, texts)))

    def _put_away(self, reading: Future[pa.RecordBatch]) -> None:
        """Wait until a batch is parsed, and store it."""
        batch = reading.result()
        self._columns.add(batch)
        self._store.append(batch)
