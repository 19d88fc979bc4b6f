"""Connection of a client to a room, after the handshake."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive
from uvicorn.protocols.utils import ClientDisconnected

from datastore_sdk.sandbox.api.connection import ClientConnection
from datastore_sdk.sandbox.api.websocket.options import RoomOptions
from datastore_sdk.sandbox.api.websocket.protocol import RoomProtocol
from datastore_sdk.sandbox.api.websocket.sources import MessageSource
from datastore_sdk.sandbox.faults.registry import FaultRegistry
from datastore_sdk.sandbox.faults.websocket_faults import (
    Close,
    Drop,
    Duplicate,
    Garbage,
    HugeFrame,
    Late,
    RoomFault,
    Silence,
)
from datastore_sdk.sandbox.simulation.field import SimulatedField
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity

_BATCH: Final = 256
_NORMAL: Final = 1000
_EMPTY: Final = (b"", b"null")
_TEXTS: Final = {"text": b"<html>Bad Gateway", "object": b'{"detail":"no message"}', "encoding": b"\xff\xfe"}
_BYTES: Final = b"\x00\x01\x02\x03"
_NO_FRAME: Final = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class RoomHost:
    """State that all rooms share.

    Attributes:
        field: The simulated field.
        options: Behaviour of the rooms.
        faults: Active faults of messages.
    """

    field: SimulatedField[PadActivity]
    options: RoomOptions
    faults: FaultRegistry


class RoomClient:
    """One connection to a room.

    Args:
        host: State that all rooms share.
        path: Path of the room, for faults.
        source: Source of the messages.
        wire: The WebSocket connection.
        line: The TCP connection.
        chance: Random numbers for occasional events.
        leave: Called when the connection ends, before the client can know.
    """

    def __init__(
        self,
        host: RoomHost,
        path: str,
        source: MessageSource,
        protocol: RoomProtocol,
        line: ClientConnection,
        chance: random.Random,
        leave: Callable[[], None],
    ) -> None:
        self._host = host
        self._path = path
        self._source = source
        self._protocol = protocol
        self._line = line
        self._chance = chance
        self._leave = leave
        self._out: list[bytes] = []
        self._unsent = 0
        self._said = 0
        self._late: list[tuple[int, bytes]] = []
        self._over = False
        after = host.options.close_after_seconds
        self._ends_at = math.inf if after is None else math.ceil(host.field.now() + after)
        self._loop = asyncio.get_running_loop()

    async def serve(self, receive: Receive) -> None:
        """Send messages until one side closes the connection."""
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._send_due())
            while (await receive())["type"] != "websocket.disconnect":
                pass
            self._leave()
            sending.cancel()

    def disconnect(self, code: int | None) -> None:
        """End the connection: with a close frame of this code, or abruptly. May be called in any thread."""
        asyncio.run_coroutine_threadsafe(self._end(code), self._loop)

    async def _end(self, code: int | None, reason: str = "") -> None:
        self._over = True
        self._leave()
        if code is None:
            await self._line.reset()
        else:
            await self._protocol.close(code, reason)

    async def _send_due(self) -> None:
        field, ends_at, bell = self._host.field, self._ends_at, asyncio.Event()
        with field.watch(lambda: self._loop.call_soon_threadsafe(bell.set)), suppress(ClientDisconnected):
            while not self._over:
                bell.clear()
                now = int(min(field.now(), ends_at))
                messages = await run_in_threadpool(self._source.take, now, _BATCH)
                if messages:
                    await self._send_all(messages)
                elif now >= ends_at:
                    await self._end(_NORMAL)
                else:
                    seconds = field.clock.seconds_until(min(self._source.due_at(now), ends_at))
                    await _wait_for(bell, seconds)

    async def _send_all(self, messages: list[bytes]) -> None:
        if self._over:
            return
        faults, options = self._host.faults, self._host.options
        at_risk = any(isinstance(fault, RoomFault) for fault in faults)
        for message in messages:
            if options.empty_every and self._chance.random() * options.empty_every < 1:
                self._out.append(self._chance.choice(_EMPTY))
            fault = faults.next_for("GET", self._path, RoomFault) if at_risk else None
            if fault is None:
                self._out.append(message)
            elif await self._apply_fault(fault, message):
                return
            self._unsent += 1
            self._said += 1
            self._add_delayed()
            if self._said == options.close_after_messages:
                await self._flush_all()
                await self._end(_NORMAL)
                return
        await self._flush()

    async def _apply_fault(self, fault: RoomFault, message: bytes) -> bool:
        """Apply a fault to a message. Returns whether it was the last one."""
        match fault:
            case Drop():
                await self._flush_all()
                self._source.skip(fault.lost)
                await self._end(None)
            case Close():
                await self._flush_all()
                await self._end(fault.code, fault.reason)
            case Silence():
                await self._flush_all()
                self._protocol.silence()
                self._over = True
            case Duplicate():
                self._out += [message] * (1 + fault.copies)
            case Late():
                self._late.append((self._said + fault.by, message))
            case Garbage():
                await self._flush()
                await self._send_garbage(fault)
                self._out.append(message)
            case HugeFrame():
                self._out += [b"null".rjust(fault.size), message]
            case _:
                raise NotImplementedError(fault)
        return self._over

    async def _send_garbage(self, fault: Garbage) -> None:
        match fault.kind:
            case "binary":
                await self._protocol.write_binary(_BYTES)
            case "frame":
                await self._protocol.write_raw(_NO_FRAME)
            case text:
                await self._protocol.write([_TEXTS[text]])

    def _add_delayed(self) -> None:
        """Add delayed messages that are due now."""
        self._out += [message for due, message in self._late if due < self._said]
        self._late = [(due, message) for due, message in self._late if due >= self._said]

    async def _flush_all(self) -> None:
        """Send delayed messages too: nothing follows them."""
        self._out += [message for _, message in self._late]
        self._late = []
        await self._flush()

    async def _flush(self) -> None:
        out, self._out = self._out, []
        await self._protocol.write(out)
        self._source.mark_sent(self._unsent)
        self._unsent = 0


async def _wait_for(bell: asyncio.Event, seconds: float | None) -> None:
    """Wait for an event, at most some seconds; None: without limit."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()
