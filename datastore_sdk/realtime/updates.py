"""The rooms of objects: pads and sites whenever they change, and corrections of their data."""

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
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.realtime.session import MessageHandler, RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.schema_drift import check_messages, parse_message
from datastore_sdk.transport.websocket.handshake import build_room_operation
from restream_api.types import Model

log = get_logger("realtime")

T = TypeVar("T")


class StateChangeHandler(MessageHandler[Record]):
    """Hands on what comes as it is, once it was looked at.

    Args:
        look: Looks at it.
    """

    def __init__(self, look: Callable[[Iterable[Record]], None]) -> None:
        self._look = look

    def take(self, items: list[Record]) -> EffectGen[bool]:
        """Emits the dicts."""
        self._look(items)
        yield from YieldItem(items)
        return bool(items)


class ObjectUpdateHandler(MessageHandler[Record], Generic[T]):
    """Makes objects of what comes. What a strict client refuses is counted, logged and left out.

    Args:
        make: Makes one.
        counts: Takes note of what is left out.
    """

    def __init__(self, make: Callable[[Record], T], counts: Counters) -> None:
        self._make = make
        self._counts = counts

    def take(self, items: list[Record]) -> EffectGen[bool]:
        """Emits the objects."""
        made: list[T] = []
        for item in items:
            try:
                made.append(self._make(item))
            except (TypeError, ValueError) as error:
                self._counts.unreadable += 1
                log.warning("An object is left out that does not fit: %s", error)
        yield from YieldItem(made)
        return bool(made)


def updates(
    client: Client,
    path: str,
    manners: StreamOptions,
    contract: type[Model],
    adopt: Callable[[Model], Any] | None,
    *,
    once: bool = False,
    belongs: Callable[[bytes], bool] | None = None,
) -> StreamPlan:
    """How to listen to objects.

    Args:
        client: Whose credentials to use.
        path: The room.
        manners: How to listen.
        contract: What the API contract says of what comes.
        adopt: Makes an object of what was read; None: what comes is handed over as it is.
        once: Whether the same thing is told only once, though the service tells it whenever the room is entered.
        belongs: Whether an object, as JSON, is of what the room is about; None: every one is.
    """
    operation = build_room_operation(path, {})
    counts, gaps = Counters(), GapLog(manners.on_gap)
    seen: set[bytes] | None = set() if once else None

    def hearer_of_items() -> MessageHandler[Any]:
        make = adopt
        if make is None:
            return StateChangeHandler(lambda items: check_messages(contract, items, operation, client._executor))
        return ObjectUpdateHandler(
            lambda item: make(parse_message(contract, item, operation, client._executor)), counts
        )

    def listen(form: RecordCodec[Any], _: RoomClaim, hearer: MessageHandler[Any] | None = None) -> EffectGen[None]:
        messages = MessageDecoder(form, counts, seen=seen, belongs=belongs)
        return RoomSession(
            client._executor, operation, messages, hearer or MessageHandler[Any](), manners, counts
        ).steps()

    return StreamPlan(
        what=f"updates of {path.strip('/')}",
        client=client,
        manners=manners,
        counts=counts,
        gaps=gaps,
        alone={f"the room {path}": client._executor.limits.get_room_semaphore(operation.path)},
        listen=listen,
        listen_for_items=lambda hold: listen(DICTS, hold, hearer_of_items()),
    )
