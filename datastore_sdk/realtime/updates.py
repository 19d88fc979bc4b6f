"""Rooms of objects: pads and sites whenever they change, and corrections of their data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from datastore_sdk._io.effects import EffectGen, YieldItem
from datastore_sdk.client import Client
from datastore_sdk.data.streaming.codecs import DICTS, RecordCodec
from datastore_sdk.data.streaming.json_decoder import Record
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.realtime.gaps import GapLog
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.session import MessageHandler, RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.schema_drift import check_messages, parse_message
from datastore_sdk.transport.websocket.handshake import build_room_operation
from restream_api.types import Model

log = get_logger("realtime")

T = TypeVar("T")


class DictUpdateHandler(MessageHandler[Record]):
    """Yields dicts unchanged after inspecting them for schema drift.

    Args:
        inspect: Inspects the dicts.
    """

    def __init__(self, inspect: Callable[[Iterable[Record]], None]) -> None:
        self._inspect = inspect

    def handle(self, items: list[Record]) -> EffectGen[bool]:
        """Yield the dicts."""
        self._inspect(items)
        yield from YieldItem(items)
        return bool(items)


class ObjectUpdateHandler(MessageHandler[Record], Generic[T]):
    """Builds objects from dicts. Dicts that do not fit are counted, logged and left out.

    Args:
        build: Builds an object.
        counters: Counts dicts that do not fit.
    """

    def __init__(self, build: Callable[[Record], T], counters: Counters) -> None:
        self._build = build
        self._counters = counters

    def handle(self, items: list[Record]) -> EffectGen[bool]:
        """Yield the objects."""
        objects: list[T] = []
        for item in items:
            try:
                objects.append(self._build(item))
            except (TypeError, ValueError) as error:
                self._counters.unreadable += 1
                log.warning("Object left out that does not fit: %s", error)
        yield from YieldItem(objects)
        return bool(objects)


def build_update_plan(
    client: Client,
    path: str,
    options: StreamOptions,
    contract: type[Model],
    build: Callable[[Model], Any] | None,
    *,
    deduplicate: bool = False,
    belongs: Callable[[bytes], bool] | None = None,
) -> StreamPlan:
    """Return the plan of a stream of objects.

    Args:
        client: Client that makes the requests.
        path: Path of the room.
        options: Options of the stream.
        contract: Model of the API contract for these objects.
        build: Builds an object from a validated model. None: dicts are delivered.
        deduplicate: Whether an object is delivered once only. The service repeats some at each connection.
        belongs: Returns whether an object, as JSON, belongs to the room. None: all do.
    """
    operation = build_room_operation(path, {})
    counters, gaps = Counters(), GapLog(options.on_gap)
    seen: set[bytes] | None = set() if deduplicate else None

    def build_item_handler() -> MessageHandler[Any]:
        build_object = build
        if build_object is None:
            return DictUpdateHandler(lambda items: check_messages(contract, items, operation, client._executor))
        return ObjectUpdateHandler(
            lambda item: build_object(parse_message(contract, item, operation, client._executor)), counters
        )

    def stream_records(
        codec: RecordCodec[Any], _: RoomClaim, handler: MessageHandler[Any] | None = None
    ) -> EffectGen[None]:
        decoder = MessageDecoder(codec, counters, seen=seen, belongs=belongs)
        return RoomSession(
            client._executor, operation, decoder, handler or MessageHandler[Any](), options, counters
        ).run()

    return StreamPlan(
        description=f"updates of {path.strip('/')}",
        client=client,
        options=options,
        counters=counters,
        gaps=gaps,
        exclusive={f"the room {path}": client._executor.limits.get_room_semaphore(operation.path)},
        stream_records=stream_records,
        stream_items=lambda hold: stream_records(DICTS, hold, build_item_handler()),
    )
