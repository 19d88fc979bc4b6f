"""Watches what can be asked for over REST, and looks when a room tells that something has changed.

While the room cannot be had, it looks now and then instead; where there is no such room, that is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Any, Generic, TypeVar

import orjson

from datastore_sdk._io.effects import Effect, EffectGen, YieldItem, changed
from datastore_sdk.client import Client
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.exceptions import CallError, NotFoundError, RoomInUseError
from datastore_sdk.instrumentation.logs import logger
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.realtime.gaps import GapLog
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.session import PERMANENT_ERRORS, MessageHandler, RoomSession, sleep
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.executor import OperationRunner, RequestExecutor
from datastore_sdk.transport.websocket.handshake import room

log = logger("realtime")

T = TypeVar("T")

_MAX_POLL_SECONDS = 600.0
"""The longest time that nothing but looking is done before it is tried again to enter the room, in seconds."""


class StateMonitor(MessageHandler[Record], Generic[T]):
    """Emits things whenever they change, beginning with how they are.

    Args:
        exchange: Whom to ask.
        look: The calls that fetch them.
        name: What tells one thing from another.
        aspects: What makes a change, if it changes.
        interval: Seconds after which to look though nothing was told.
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
        """Something was told: looks what it is."""
        yield from self.emit_changes()
        return bool(items)

    def on_connect(self) -> EffectGen[None]:
        """Something may have been missed."""
        yield from self.emit_changes()

    def on_idle(self) -> EffectGen[None]:
        """Looks all the same, now and then: not everything may be told."""
        if self._executor.clock.monotonic() - self._polled_at >= self._interval:
            yield from self.emit_changes()

    def emit_changes(self) -> EffectGen[None]:
        """Emits what has changed since the last look."""
        self._polled_at = self._executor.clock.monotonic()
        things = yield from self._executor.run(self._fetch())
        new: list[T] = []
        for thing in things:
            name, aspects = self._key(thing), self._aspects(thing)
            if self._known.get(name) != aspects:
                self._known[name] = aspects
                new.append(thing)
        yield from YieldItem(new)

    def poll(self, seconds: float) -> EffectGen[None]:
        """Looks again and again, for so long."""
        while seconds > 0:
            try:
                yield from self.emit_changes()
            except CallError as error:
                if isinstance(error, PERMANENT_ERRORS):
                    raise
                log.warning("%s; looking again in %g s", error, self._interval)
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
    """How to watch things, for the arguments see `StateMonitor`.

    Args:
        client: Whose credentials to use.
        path: The room that tells of changes.
        manners: How to listen.
        look: The calls that fetch them.
        name: What tells one from another.
        aspects: What makes a change, if it changes.
        interval: Seconds between looks where nothing is told, or nothing can be heard.
    """
    operation, counts = room(path, {}), Counters()

    def watch(hold: RoomClaim) -> EffectGen[None]:
        watching = StateMonitor(client._executor, fetch, key, aspects, interval)
        yield from watching.emit_changes()
        retries, wait, told = client.retries, interval, ""
        while True:
            listening = RoomSession(
                client._executor, operation, MessageDecoder(DICTS, counts), watching, options, counts, retries
            )
            try:
                room_hold = hold.extend({f"the room {path}": client._executor.limits.room(operation.path)})
                try:
                    yield from listening.run()
                finally:
                    room_hold.release()
            except NotFoundError:  # no such pad or site: its list of states would stay empty for ever
                raise
            except (CallError, RoomInUseError) as error:
                taken = isinstance(error, RoomInUseError)
                wait = interval if taken or listening.was_connected else min(2 * wait, max(interval, _MAX_POLL_SECONDS))
                level = logging.INFO if str(error) == told else logging.WARNING
                log.log(level, "%s; looking every %g s instead of listening, for %g s", error, interval, wait)
                told = str(error)
            yield from watching.poll(wait)
            retries = replace(client.retries, max_attempts=1)

    def listen(form: RecordCodec[Any], hold: RoomClaim) -> EffectGen[None]:
        def in_form(effect: Effect[Any]) -> EffectGen[Any]:
            things: list[T] = getattr(effect, "item", [])
            if things:
                yield from YieldItem(form.decode(orjson.dumps(things, default=dict)))
                return None
            return (yield from effect)

        return changed(watch(hold), in_form)

    return StreamPlan(
        description=f"watch on {path.strip('/')}",
        client=client,
        options=options,
        counters=counts,
        gaps=GapLog(None),
        exclusive={},
        stream_records=listen,
        stream_items=watch,
    )
