"""The rooms of objects: pads and sites whenever they change, and corrections of their data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from datastore_sdk.data.decoding import Record
from datastore_sdk.data.forms import DICTS, Form
from datastore_sdk.realtime.counts import Counts
from datastore_sdk.realtime.gaps import Gaps
from datastore_sdk.realtime.listening import Hearer, Listening
from datastore_sdk.realtime.manners import Manners
from datastore_sdk.realtime.messages import Messages
from datastore_sdk.realtime.stream import Plan
from datastore_sdk.realtime.taken import Hold
from datastore_sdk.transport import Client
from datastore_sdk.transport.calls.drift import look_at, told
from datastore_sdk.transport.effects import Emit, Steps
from datastore_sdk.transport.rooms.entering import room
from datastore_sdk.transport.telling.logs import logger
from restream_api.types import Model

log = logger("realtime")

T = TypeVar("T")


class Looking(Hearer[Record]):
    """Hands on what comes as it is, once it was looked at.

    Args:
        look: Looks at it.
    """

    def __init__(self, look: Callable[[Iterable[Record]], None]) -> None:
        self._look = look

    def take(self, items: list[Record]) -> Steps[bool]:
        """Emits the dicts."""
        self._look(items)
        yield from Emit(items)
        return bool(items)


class Making(Hearer[Record], Generic[T]):
    """Makes objects of what comes. What a strict client refuses is counted, logged and left out.

    Args:
        make: Makes one.
        counts: Takes note of what is left out.
    """

    def __init__(self, make: Callable[[Record], T], counts: Counts) -> None:
        self._make = make
        self._counts = counts

    def take(self, items: list[Record]) -> Steps[bool]:
        """Emits the objects."""
        made: list[T] = []
        for item in items:
            try:
                made.append(self._make(item))
            except (TypeError, ValueError) as error:
                self._counts.unreadable += 1
                log.warning("An object is left out that does not fit: %s", error)
        yield from Emit(made)
        return bool(made)


def updates(
    client: Client,
    path: str,
    manners: Manners,
    contract: type[Model],
    adopt: Callable[[Model], Any] | None,
    *,
    once: bool = False,
    belongs: Callable[[bytes], bool] | None = None,
) -> Plan:
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
    operation = room(path, {})
    counts, gaps = Counts(), Gaps(manners.on_gap)
    seen: set[bytes] | None = set() if once else None

    def hearer_of_items() -> Hearer[Any]:
        make = adopt
        if make is None:
            return Looking(lambda items: look_at(contract, items, operation, client.exchange))
        return Making(lambda item: make(told(contract, item, operation, client.exchange)), counts)

    def listen(form: Form[Any], _: Hold, hearer: Hearer[Any] | None = None) -> Steps[None]:
        messages = Messages(form, counts, seen=seen, belongs=belongs)
        return Listening(client.exchange, operation, messages, hearer or Hearer[Any](), manners, counts).steps()

    return Plan(
        what=f"updates of {path.strip('/')}",
        client=client,
        manners=manners,
        counts=counts,
        gaps=gaps,
        alone={f"the room {path}": client.exchange.limits.room(operation.path)},
        listen=listen,
        listen_for_items=lambda hold: listen(DICTS, hold, hearer_of_items()),
    )
