"""Watches what can be asked for over REST, and looks when a room tells that something has changed.

While the room cannot be had, it looks now and then instead; where there is no such room, that is raised.
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
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.realtime.session import FATAL, MessageHandler, RoomSession, pause
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.executor import OperationRunner, RequestExecutor
from datastore_sdk.transport.websocket.handshake import build_room_operation

log = get_logger("realtime")

T = TypeVar("T")

_LONGEST = 600.0
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
        exchange: RequestExecutor,
        look: Callable[[], OperationRunner[Iterable[T]]],
        name: Callable[[T], Hashable],
        aspects: Callable[[T], Hashable],
        interval: float,
    ) -> None:
        self._exchange = exchange
        self._look = look
        self._name = name
        self._aspects = aspects
        self._interval = interval
        self._known: dict[Hashable, Hashable] = {}
        self._looked = 0.0

    def take(self, items: list[Record]) -> EffectGen[bool]:
        """Something was told: looks what it is."""
        yield from self.look()
        return bool(items)

    def entered(self) -> EffectGen[None]:
        """Something may have been missed."""
        yield from self.look()

    def silent(self) -> EffectGen[None]:
        """Looks all the same, now and then: not everything may be told."""
        if self._exchange.clock.monotonic() - self._looked >= self._interval:
            yield from self.look()

    def look(self) -> EffectGen[None]:
        """Emits what has changed since the last look."""
        self._looked = self._exchange.clock.monotonic()
        things = yield from self._exchange.run(self._look())
        new: list[T] = []
        for thing in things:
            name, aspects = self._name(thing), self._aspects(thing)
            if self._known.get(name) != aspects:
                self._known[name] = aspects
                new.append(thing)
        yield from YieldItem(new)

    def poll(self, seconds: float) -> EffectGen[None]:
        """Looks again and again, for so long."""
        while seconds > 0:
            try:
                yield from self.look()
            except CallError as error:
                if isinstance(error, FATAL):
                    raise
                log.warning("%s; looking again in %g s", error, self._interval)
            yield from pause(self._interval)
            seconds -= self._interval


def watched(
    client: Client,
    path: str,
    manners: StreamOptions,
    look: Callable[[], OperationRunner[Iterable[T]]],
    name: Callable[[T], Hashable],
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
    operation, counts = build_room_operation(path, {}), Counters()

    def watch(hold: RoomClaim) -> EffectGen[None]:
        watching = StateMonitor(client._executor, look, name, aspects, interval)
        yield from watching.look()
        retries, wait, told = client.retries, interval, ""
        while True:
            listening = RoomSession(
                client._executor, operation, MessageDecoder(DICTS, counts), watching, manners, counts, retries
            )
            try:
                room_hold = hold.also({f"the room {path}": client._executor.limits.get_room_semaphore(operation.path)})
                try:
                    yield from listening.steps()
                finally:
                    room_hold.release()
            except NotFoundError:  # no such pad or site: its list of states would stay empty for ever
                raise
            except (CallError, RoomInUseError) as error:
                taken = isinstance(error, RoomInUseError)
                wait = interval if taken or listening.was_entered else min(2 * wait, max(interval, _LONGEST))
                level = logging.INFO if str(error) == told else logging.WARNING
                log.log(level, "%s; looking every %g s instead of listening, for %g s", error, interval, wait)
                told = str(error)
            yield from watching.poll(wait)
            retries = replace(client.retries, max_attempts=1)

    def listen(form: RecordCodec[Any], hold: RoomClaim) -> EffectGen[None]:
        def in_form(things: list[T]) -> EffectGen[None]:
            yield from YieldItem(form.decode(orjson.dumps(things, default=dict)) if things else things)

        return redirect_items(in_form, watch(hold))

    return StreamPlan(
        what=f"watch on {path.strip('/')}",
        client=client,
        manners=manners,
        counts=counts,
        gaps=GapLog(None),
        alone={},
        listen=listen,
        listen_for_items=watch,
    )
