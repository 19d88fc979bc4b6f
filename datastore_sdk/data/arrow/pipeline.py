"""Parse records into Arrow batches in worker threads, while the next records arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import cycle

import msgspec
import pyarrow as pa

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk.transport.http.worker_thread import WorkerThread

BATCH_BYTES = 1 << 20
"""Size of a batch: bytes of JSON text."""
_THREADS = 2
"""Number of batches that are parsed at the same time. More would wait for the network, or need more memory."""


class ParsePipeline:
    """Pipeline of JSON texts into Arrow batches. Batches come out in order, and do not depend on network chunks.

    Args:
        parse: Parses the JSON texts of records; called in several threads, which it should let run side by side.
        sink: Takes each batch; called in one thread at a time, and may block.
        batch_bytes: Size of a batch in bytes of JSON text.
    """

    def __init__(
        self,
        parse: Callable[[Sequence[msgspec.Raw]], pa.RecordBatch],
        sink: Callable[[pa.RecordBatch], None],
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._parse = parse
        self._sink = sink
        self._batch_bytes = batch_bytes
        # The standard library's executors refuse work as soon as the main thread has ended.
        self._workers = [WorkerThread("restream-table") for _ in range(_THREADS)]
        self._next_worker = cycle(self._workers)
        self._pending: deque[Future[pa.RecordBatch]] = deque()
        self._texts: list[msgspec.Raw] = []
        self._size = 0

    def add(self, texts: Sequence[msgspec.Raw]) -> EffectGen[None] | None:
        """Add records; return steps to do before the next ones, if there are any.

        Waiting for a batch is such a step, so that it does not block an event loop.
        """
        self._texts += texts
        self._size += sum(map(len, texts))
        return self._sink_due() if self._size >= self._batch_bytes else None

    def drain(self) -> None:
        """Pass all remaining batches to the sink. Blocks."""
        self._submit()
        while self._pending:
            self._sink_next()

    def close(self) -> None:
        """End the threads."""
        for worker in self._workers:
            worker.stop()

    def _sink_due(self) -> EffectGen[None]:
        while self._size >= self._batch_bytes:
            while len(self._pending) > _THREADS:
                yield from RunBlocking(self._sink_next)
            remaining = self._cut_off_rest()
            self._submit()
            self._texts, self._size = remaining, sum(memoryview(text).nbytes for text in remaining)

    def _sink_next(self) -> None:
        self._sink(self._pending.popleft().result())

    def _cut_off_rest(self) -> list[msgspec.Raw]:
        """Remove the records beyond a batch, so that the borders of batches do not depend on network chunks."""
        size, count = self._size, len(self._texts)
        while (smaller := size - memoryview(self._texts[count - 1]).nbytes) >= self._batch_bytes:
            size, count = smaller, count - 1
        remaining = self._texts[count:]
        del self._texts[count:]
        return remaining

    def _submit(self) -> None:
        texts, self._texts, self._size = self._texts, [], 0
        if texts:
            self._pending.append(next(self._next_worker).submit(partial(self._parse, texts)))
