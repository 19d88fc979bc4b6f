"""Monitor of objects that REST lists, which fetches them when a room reports a change.

While the room cannot be entered, the monitor polls. A room that does not exist raises an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Any, Generic, TypeVar

import orjson

from datastore_sdk._io.effects import EffectGen, YieldItem, redirect_items
from datastore_sdk.client import Client
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.exceptions import CallError, NotFoundError, RoomInUseError
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.realtime.gaps import GapLog
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.session import PERMANENT_ERRORS, MessageHandler, RoomSession, sleep
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.executor import OperationRunner, RequestExecutor
from datastore_sdk.transport.websocket.handshake import build_room_operation

log = get_logger("realtime")

T = TypeVar("T")

_MAX_POLL_SECONDS = 600.0
"""Maximum seconds of polling before the next attempt to enter the room."""


class StateMonitor(MessageHandler[Record], Generic[T]):
    """Yields objects whenever they change, beginning with the current ones.

    Args:
        executor: Sends the requests.
        fetch: Returns the operations that fetch the objects.
        key: Returns what identifies an object.
        aspects: Returns the values whose change counts.
        interval: Seconds of silence after which to fetch anyway.
    """

    def __init__(
        self,
        executor: RequestExecutor,
        fetch: Callable[[], OperationRunner[Iterable[T]]],
        key: Callable[[T], Hashable],
        aspects: Callable[[T], Hashable],
        interval: float,
    ) -> None:
        self._executor = executor
        self._fetch = fetch
        self._key = key
        self._aspects = aspects
        self._interval = interval
        self._known: dict[Hashable, Hashable] = {}
        self._polled_at = 0.0

    def handle(self, items: list[Record]) -> EffectGen[bool]:
        """Fetch the objects, because the room reported something."""
        yield from self.emit_changes()
        return bool(items)

    def on_connect(self) -> EffectGen[None]:
        """Fetch the objects, because changes may have been missed."""
        yield from self.emit_changes()

    def on_idle(self) -> EffectGen[None]:
        """Fetch the objects now and then: the room may not report everything."""
        if self._executor.clock.monotonic() - self._polled_at >= self._interval:
            yield from self.emit_changes()

    def emit_changes(self) -> EffectGen[None]:
        """Yield the objects that have changed since the last fetch."""
        self._polled_at = self._executor.clock.monotonic()
        objects = yield from self._executor.run(self._fetch())
        new: list[T] = []
        for object_ in objects:
            name, aspects = self._key(object_), self._aspects(object_)
            if self._known.get(name) != aspects:
                self._known[name] = aspects
                new.append(object_)
        yield from YieldItem(new)

    def poll(self, seconds: float) -> EffectGen[None]:
        """Fetch repeatedly for some seconds."""
        while seconds > 0:
            try:
                yield from self.emit_changes()
            except CallError as error:
                if isinstance(error, PERMANENT_ERRORS):
                    raise
                log.warning("%s; polling again in %g s", error, self._interval)
            yield from sleep(self._interval)
            seconds -= self._interval


def build_monitor_plan(
    client: Client,
    path: str,
    options: StreamOptions,
    fetch: Callable[[], OperationRunner[Iterable[T]]],
    key: Callable[[T], Hashable],
    aspects: Callable[[T], Hashable],
    *,
    interval: float,
) -> StreamPlan:
    """Return the plan of a stream of changed objects.

    Args:
        client: Client that makes the requests.
        path: Path of the room that reports changes.
        options: Options of the stream.
        fetch: Returns the operations that fetch the objects.
        key: Returns what identifies an object.
        aspects: Returns the values whose change counts.
        interval: Seconds between fetches while the room is silent or cannot be entered.
    """
    operation, counters = build_room_operation(path, {}), Counters()

    def watch(claim: RoomClaim) -> EffectGen[None]:
        monitor = StateMonitor(client._executor, fetch, key, aspects, interval)
        yield from monitor.emit_changes()
        retries, wait, last_message = client.retries, interval, ""
        while True:
            session = RoomSession(
                client._executor, operation, MessageDecoder(DICTS, counters), monitor, options, counters, retries
            )
            try:
                semaphore = client._executor.limits.get_room_semaphore(operation.path)
                room_claim = claim.extend({f"the room {path}": semaphore})
                try:
                    yield from session.run()
                finally:
                    room_claim.release()
            except NotFoundError:  # the pad or site does not exist; its list of states would stay empty
                raise
            except (CallError, RoomInUseError) as error:
                in_use = isinstance(error, RoomInUseError)
                wait = interval if in_use or session.was_connected else min(2 * wait, max(interval, _MAX_POLL_SECONDS))
                level = logging.INFO if str(error) == last_message else logging.WARNING
                log.log(level, "%s; polling every %g s instead of listening, for %g s", error, interval, wait)
                last_message = str(error)
            yield from monitor.poll(wait)
            retries = replace(client.retries, max_attempts=1)

    def stream_records(codec: RecordCodec[Any], claim: RoomClaim) -> EffectGen[None]:
        def encode(objects: list[T]) -> EffectGen[None]:
            yield from YieldItem(codec.decode(orjson.dumps(objects, default=dict)) if objects else objects)

        return redirect_items(encode, watch(claim))

    return StreamPlan(
        description=f"watch on {path.strip('/')}",
        client=client,
        options=options,
        counters=counters,
        gaps=GapLog(None),
        exclusive={},
        stream_records=stream_records,
        stream_items=watch,
    )
