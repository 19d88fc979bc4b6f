"""One room across several readers. Both forms of live data are built on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock
from typing import Any, Generic, TypeVar

import orjson
from msgspec import Struct, field

from datastore_sdk._io.effects import EffectGen, PrefetchExhausted, YieldItem
from datastore_sdk.client import Client
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.data.saving.files import validate_target
from datastore_sdk.data.saving.save import write_records
from datastore_sdk.data.saving.unfinished import find_abandoned
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.data.writers.registry import find_writer
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.realtime.buffer import Buffer
from datastore_sdk.realtime.exclusivity import ROOM_REGISTRY, RoomClaim
from datastore_sdk.realtime.gaps import Gap, GapLog
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.reader_thread import ReaderThread
from datastore_sdk.realtime.statistics import Counters, LiveStatistics
from datastore_sdk.transport.http.worker_thread import WorkerThread

log = get_logger("realtime")

T = TypeVar("T")


def _no_field_metadata() -> EffectGen[FieldMetadataByName]:
    yield from ()
    return {}


class StreamPlan(Struct, frozen=True, kw_only=True):
    """How to receive the data of a room."""

    description: str
    """Description for messages and `repr`."""
    client: Client
    """Client that makes the requests."""
    options: StreamOptions
    """Options of the stream."""
    counters: Counters = field(default_factory=Counters)
    """Counters of received data."""
    gaps: GapLog
    """Log of missing data."""
    exclusive: Mapping[str, Hashable]
    """Keys that only one reader of this process may use at a time, by their names for error messages."""
    stream_records: Callable[[RecordCodec[Any], RoomClaim], EffectGen[None]]
    """Returns effects that yield lists of records in a codec. The claim can be extended to further rooms."""
    stream_items: Callable[[RoomClaim], EffectGen[None]]
    """Returns effects that yield lists of the items that users iterate over."""
    fetch_field_metadata: Callable[[], EffectGen[FieldMetadataByName]] = _no_field_metadata
    """Returns effects that fetch units and labels, for formats that store them."""


class LiveStream(Generic[T]):
    """A room, read by one reader after another.

    Undelivered items wait for the next reader.
    """

    def __init__(self, plan: StreamPlan) -> None:
        self.plan = plan
        self._lock = RLock()  # a signal handler may call close() at any time
        self._reader: ReaderThread | None = None
        self._buffer = Buffer[Any](plan.options, [])
        self._codec: RecordCodec[Any] = DICTS
        self._reading = False
        self._closed = False

    @contextmanager
    def open_reader(self, codec: RecordCodec[Any] | None = None) -> Generator[StreamReader[Any]]:
        """Open a reader: of items, or of records in a codec.

        Raises:
            RoomInUseError: This process already listens to the room.
        """
        reader = StreamReader[Any](self._start(codec))
        try:
            yield reader
        finally:
            reader.close()
            if self._reader is not None:
                self._reader.stop()

    def _start(self, codec: RecordCodec[Any] | None) -> Buffer[Any]:
        plan = self.plan
        with self._lock:
            if self._closed:
                return self._buffer
            claim = ROOM_REGISTRY.claim({f"this live data ({plan.description})": self, **plan.exclusive})
            if self._reader is not None:
                self._reader.join()  # so that it adds nothing to the old buffer any more
            self._buffer = Buffer(plan.options, self._drain_buffer(codec or DICTS), self._buffer)
            effects = plan.stream_records(codec, claim) if codec else plan.stream_items(claim)
            self._reader = ReaderThread(plan.client, effects, self._buffer, claim)
            return self._buffer

    def _drain_buffer(self, codec: RecordCodec[Any]) -> list[Any]:
        """Return what the last reader received and did not deliver."""
        items, previous, self._codec = self._buffer.drain(), self._codec, codec
        if previous is codec or not items:
            return items
        texts = [item if isinstance(item, bytes) else orjson.dumps(item, default=dict) for item in items]
        return codec.decode(b"[%b]" % b",".join(texts))

    def close(self) -> None:
        """Stop reading for good. Received items are still delivered. Can be called from any thread."""
        with self._lock:
            self._closed = True
            self._buffer.finish()
            if self._reader is not None:
                self._reader.stop()

    def statistics(self) -> LiveStatistics:
        """Return the current statistics."""
        counters, buffer, last = self.plan.counters, self._buffer, self.plan.counters.last_message_at
        return LiveStatistics(
            connected=counters.connected,
            received=counters.received,
            delivered=buffer.delivered,
            waiting=buffer.waiting,
            dropped=buffer.dropped,
            duplicates=counters.duplicates,
            late=counters.late,
            backfilled=counters.backfilled,
            unreadable=counters.unreadable,
            reconnections=counters.reconnections,
            last_message_at=None if last is None else datetime.fromtimestamp(last, tz=UTC),
            lag=counters.lag,
        )

    def gaps(self) -> list[Gap]:
        """Return the known gaps."""
        return [*self.plan.gaps.gaps]

    def start_save(self, path: str | os.PathLike[str], *, overwrite: bool) -> Future[None]:
        """Start a thread that saves to a file until the stream ends.

        The file is completed however the stream ends, because live data cannot be requested again. Errors are raised
        afterwards.
        """
        target = validate_target(path, overwrite=overwrite)
        kind = find_writer(target)
        for left in find_abandoned(target):
            log.warning(
                "%s is left from a killed save; LiveData.recover() or `datastore recover` makes a complete file",
                left,
            )
        worker = WorkerThread()

        def save() -> None:
            errors: list[BaseException] = []

            def batches(codec: RecordCodec[Any]) -> EffectGen[None]:
                yield from self._yield_batches(codec, errors)

            effects = write_records(
                target, kind, batches, self.plan.fetch_field_metadata, overwrite=overwrite, keep_unfinished=True
            )
            self.plan.client._drive(effects)
            for error in errors:
                raise error

        saving = worker.submit(save)
        worker.stop()
        return saving

    def wait_save(self, saving: Future[None]) -> None:
        """Wait until a file is saved.

        An interrupt ends the stream; the file is completed before the interrupt is raised.
        """
        try:
            saving.result()
        except BaseException:
            self.close()
            saving.exception()
            raise

    async def await_save(self, saving: Future[None]) -> None:
        """Async form of `wait_save`."""
        import asyncio  # here, for it takes long

        waiting = asyncio.wrap_future(saving)
        try:
            await asyncio.shield(waiting)
        except BaseException:
            self.close()
            await asyncio.wait([waiting])
            waiting.exception()
            raise

    def _yield_batches(self, codec: RecordCodec[Any], errors: list[BaseException]) -> EffectGen[None]:
        """Yield the records, and collect the error that ends the stream: it is raised when the file is complete.

        An error of the file itself is not collected, since the file cannot be complete then.
        """
        with self.open_reader(codec) as reader:
            while True:
                try:
                    batch = [*reader.read()]
                except PrefetchExhausted:
                    return
                except Exception as error:  # noqa: BLE001
                    errors.append(error)
                    return
                yield from YieldItem(batch)


class StreamReader(Generic[T]):
    """Reads lists of items from a buffer."""

    def __init__(self, buffer: Buffer[T]) -> None:
        self._buffer = buffer
        self._undelivered: Iterator[T] = iter(())

    def read(self) -> Iterator[T]:
        """Return the next items, or wait for some.

        Raises:
            PrefetchExhausted: The stream has ended.
        """
        request = self._buffer.request_items()
        try:
            return self._deliver(request.result())
        except BaseException:
            self._buffer.cancel_request(request)
            raise

    async def aread(self) -> Iterator[T]:
        """Async form of `read`."""
        from asyncio import wrap_future  # here, for it takes long

        request = self._buffer.request_items()
        try:
            return self._deliver(await wrap_future(request))
        except BaseException:
            self._buffer.cancel_request(request)
            raise

    def close(self) -> None:
        """Return undelivered items to the buffer."""
        if items := [*self._undelivered]:
            self._buffer.return_items(items)

    def _deliver(self, items: list[T]) -> Iterator[T]:
        self._undelivered = iter(items)
        return self._undelivered
