"""What is heard of a room, from one reading to the next; both forms of live data are made of it."""

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
from datastore_sdk.data.field_metadata import Descriptions
from datastore_sdk.data.saving.files import checked_target
from datastore_sdk.data.saving.writing import written
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.data.writers.registry import find_writer
from datastore_sdk.realtime.buffer import Buffer
from datastore_sdk.realtime.exclusivity import TAKEN, RoomClaim
from datastore_sdk.realtime.gaps import Gap, GapLog
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.realtime.reader_thread import ReaderThread
from datastore_sdk.realtime.statistics import Counters, LiveStatistics
from datastore_sdk.transport.http.worker_thread import WorkerThread

T = TypeVar("T")


def _no_descriptions() -> EffectGen[Descriptions]:
    yield from ()
    return {}


class StreamPlan(Struct, frozen=True, kw_only=True):
    """How a room is listened to."""

    what: str
    """What is listened to, in words."""
    client: Client
    """Carries it out."""
    manners: StreamOptions
    """How."""
    counts: Counters = field(default_factory=Counters)
    """Takes note of what comes."""
    gaps: GapLog
    """Takes note of what is missing."""
    alone: Mapping[str, Hashable]
    """What nobody else may listen to meanwhile, by its name in words."""
    listen: Callable[[RecordCodec[Any], RoomClaim], EffectGen[None]]
    """Steps that emit lists of records of a form; what else they listen to alone is taken with the hold."""
    listen_for_items: Callable[[RoomClaim], EffectGen[None]]
    """Steps that emit lists of what is iterated over."""
    descriptions: Callable[[], EffectGen[Descriptions]] = _no_descriptions
    """Units and labels, for files that have a place for them."""


class LiveStream(Generic[T]):
    """A room that is listened to while somebody reads, one reading after the other.

    What was received and not handed over waits for the next reading.
    """

    def __init__(self, plan: StreamPlan) -> None:
        self.plan = plan
        self._lock = RLock()  # a signal may call close() at any moment
        self._reader: ReaderThread | None = None
        self._buffer = Buffer[Any](plan.manners, [])
        self._form: RecordCodec[Any] = DICTS
        self._reading = False
        self._closed = False

    @contextmanager
    def reading(self, form: RecordCodec[Any] | None = None) -> Generator[StreamReader[Any]]:
        """One reading: of items, or of records of a form.

        Raises:
            RoomInUseError: The room is listened to already, here or elsewhere in this process.
        """
        reading = StreamReader[Any](self._begin(form))
        try:
            yield reading
        finally:
            reading.end()
            if self._reader is not None:
                self._reader.stop()

    def _begin(self, form: RecordCodec[Any] | None) -> Buffer[Any]:
        plan = self.plan
        with self._lock:
            if self._closed:
                return self._buffer
            hold = TAKEN.take({f"this live data ({plan.what})": self, **plan.alone})
            if self._reader is not None:
                self._reader.join()  # so that nothing can be added to what is left
            self._buffer = Buffer(plan.manners, self._left(form or DICTS), self._buffer)
            steps = plan.listen(form, hold) if form else plan.listen_for_items(hold)
            self._reader = ReaderThread(plan.client, steps, self._buffer, hold)
            return self._buffer

    def _left(self, form: RecordCodec[Any]) -> list[Any]:
        """What was received for the last reading and not handed over."""
        left, before, self._form = self._buffer.take_all(), self._form, form
        if before is form or not left:
            return left
        texts = [item if isinstance(item, bytes) else orjson.dumps(item, default=dict) for item in left]
        return form.decode(b"[%b]" % b",".join(texts))

    def close(self) -> None:
        """Ends the reading, now and for ever; what was received is still handed over. From any thread."""
        with self._lock:
            self._closed = True
            self._buffer.finish()
            if self._reader is not None:
                self._reader.stop()

    def statistics(self) -> LiveStatistics:
        """The numbers just now."""
        counts, buffer, last = self.plan.counts, self._buffer, self.plan.counts.last_message_at
        return LiveStatistics(
            connected=counts.connected,
            received=counts.received,
            delivered=buffer.delivered,
            waiting=buffer.waiting,
            dropped=buffer.dropped,
            doubled=counts.doubled,
            late=counts.late,
            filled=counts.filled,
            unreadable=counts.unreadable,
            reconnections=counts.reconnections,
            last_message_at=None if last is None else datetime.fromtimestamp(last, tz=UTC),
            lag=counts.lag,
        )

    def gaps(self) -> list[Gap]:
        """What is known to be missing."""
        return [*self.plan.gaps.found]

    def begin_to_save(self, path: str | os.PathLike[str], *, overwrite: bool) -> Future[None]:
        """Saves to a file, in a thread, until the stream ends.

        However it ends, the file is completed: what was heard cannot be asked for again in the same way. Only then an
        error is raised.
        """
        target = checked_target(path, overwrite=overwrite)
        kind = find_writer(target)
        worker = WorkerThread()

        def save() -> None:
            endings: list[BaseException] = []

            def batches(form: RecordCodec[Any]) -> EffectGen[None]:
                yield from self._until_the_end(form, endings)

            steps = written(target, kind, batches, self.plan.descriptions, overwrite=overwrite, kept=True)
            self.plan.client._drive(steps)
            for ending in endings:
                raise ending

        saving = worker.submit(save)
        worker.stop()
        return saving

    def complete(self, saving: Future[None]) -> None:
        """Waits until a file is saved. Whatever interrupts that ends the stream, and the file is completed first."""
        try:
            saving.result()
        except BaseException:
            self.close()
            saving.exception()
            raise

    async def acomplete(self, saving: Future[None]) -> None:
        """Async form of `complete`."""
        import asyncio  # here, for it takes long

        waiting = asyncio.wrap_future(saving)
        try:
            await asyncio.shield(waiting)
        except BaseException:
            self.close()
            await asyncio.wait([waiting])
            waiting.exception()
            raise

    def _until_the_end(self, form: RecordCodec[Any], endings: list[BaseException]) -> EffectGen[None]:
        with self.reading(form) as reading:
            try:
                while True:
                    yield from YieldItem([*reading.take()])
            except PrefetchExhausted:
                return
            except Exception as error:  # noqa: BLE001 - raised when the file is complete
                endings.append(error)


class StreamReader(Generic[T]):
    """What is read from a buffer, list by list."""

    def __init__(self, buffer: Buffer[T]) -> None:
        self._buffer = buffer
        self._rest: Iterator[T] = iter(())

    def take(self) -> Iterator[T]:
        """The next items, when there are some.

        Raises:
            End: There will be no more.
        """
        ticket = self._buffer.next()
        try:
            return self._handing_over(ticket.result())
        except BaseException:
            self._buffer.give_back(ticket)
            raise

    async def atake(self) -> Iterator[T]:
        """Async form of `take`."""
        from asyncio import wrap_future  # here, for it takes long

        ticket = self._buffer.next()
        try:
            return self._handing_over(await wrap_future(ticket))
        except BaseException:
            self._buffer.give_back(ticket)
            raise

    def end(self) -> None:
        """Puts back what was taken and not handed over."""
        if rest := [*self._rest]:
            self._buffer.put_back(rest)

    def _handing_over(self, items: list[T]) -> Iterator[T]:
        self._rest = iter(items)
        return self._rest
