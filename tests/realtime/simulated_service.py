"""Simulated service and clock, for the session logic alone: no sockets, threads or waiting."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.effects import (
    Cancelled,
    CloseResponse,
    ConnectWebSocket,
    Effect,
    EffectGen,
    ReadChunk,
    ReceiveMessages,
    Request,
    Response,
    SendPing,
    SendRequest,
    Sleep,
    WaitForFuture,
    YieldItem,
)
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.auth.providers import Credentials, StaticToken
from datastore_sdk.exceptions import APIConnectionError
from datastore_sdk.transport.executor.concurrency import ConcurrencyLimits, EndpointSemaphores
from datastore_sdk.transport.executor.executor import RequestExecutor
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.websocket.handshake import RoomClosed
from tests.support.jumping_clock import START

Record = dict[str, Any]
START_SECOND = int(START)
SWITCHED = 101
CONNECTION_LOST = APIConnectionError("the connection was lost", method="GET", url="", sent=True)


class SimulatedServiceClock(Clock):
    """Clock that the simulated service advances."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time - START


@dataclass
class SimulatedService:
    """Service with a record each second, sent over a room with a queue, and stored in an archive.

    Args:
        sites: Ids of the sources.
        refusals: Results of the next handshakes: a status, a status with headers, or an error.
        disconnect: Called with the number of messages so far; may return an error that ends the connection.
        lost_seconds: Returns how many seconds the queue loses while disconnected.
        replayed_seconds: Returns how many seconds the queue repeats after a break.
        is_measured: Returns whether a second has a record.
        last_seconds: Last second of sources that end.
        is_sent: Returns whether the room sends the records of a second.
        archive_lag: Seconds after which a record is in the archive.
        is_down: Returns whether handshakes fail at a second.
        answers_pings: Whether pings get pongs.
        max_seconds_per_message: Maximum number of seconds that are sent together.
        send_seconds: Seconds that sending takes.
        reader_seconds: Returns the seconds for which the reader blocks after each item.
        step: Seconds that a record stands for. It is sent after they are over. The archive computes it from the seconds
            that it has and that are requested; `rate` is -1 if these are incomplete.
    """

    sites: Sequence[int] = (981,)
    refusals: list[int | tuple[int, dict[str, str]] | Exception] = field(default_factory=list[Any])
    disconnect: Callable[[int], Exception | None] = lambda _: None
    lost_seconds: Callable[[], int] = lambda: 0
    replayed_seconds: Callable[[], int] = lambda: 0
    is_measured: Callable[[int], bool] = lambda _: True
    last_seconds: dict[int, int] = field(default_factory=dict[int, int])
    is_sent: Callable[[int], bool] = lambda _: True
    archive_lag: float = 0.0
    is_down: Callable[[int], bool] = lambda _: False
    sends_pongs: bool = True
    max_seconds_per_message: int | None = None
    send_seconds: float = 0.0
    reader_seconds: Callable[[], float] = lambda: 0.0
    step: int = 1
    archive_fails: bool = False
    """Whether the archive responds with 500."""
    credentials: Credentials = field(default_factory=lambda: StaticToken("t"))
    retries: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        self.clock = SimulatedServiceClock()
        self.random = random.Random(7)
        self.emitted: list[Any] = []
        self.handshakes: list[Request] = []
        self.handshake_times: list[float] = []
        self.fetched_ranges: list[tuple[int, int | None]] = []
        self.pings = 0
        self.messages: list[bytes] = []
        """Messages to send before any others."""
        self._next = START_SECOND + 1
        self._count = 0
        self._pongs: list[list[bytes]] = []
        self.executor = RequestExecutor(
            "http://127.0.0.1",
            self.credentials,
            limits=ConcurrencyLimits(EndpointSemaphores()),
            timeouts=Timeouts(),
            retries=self.retries,
            clock=self.clock,
            headers={},
            max_response_bytes=1 << 20,
        )

    def records(self, first: int, last: int) -> list[Record]:
        """Return the records of some seconds, both included."""
        return [
            {"timestamp": second, "site_id": site, "rate": second % 7}
            for second in range(first + -first % self.step, last + 1, self.step)
            if self.is_measured(second)
            for site in self.sites
            if second <= self.last_seconds.get(site, second)
        ]

    def run(self, steps: EffectGen[None], seconds: float) -> None:
        """Run effects for some seconds of simulated time, then cancel them."""
        end = self.clock.time + seconds
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = steps.send(result) if error is None else steps.throw(error)
            except (StopIteration, Cancelled):
                return
            result = error = None
            if self.clock.time >= end and not isinstance(effect, CloseResponse):
                error = Cancelled()
                continue
            try:
                result = self._perform(effect)
            except Exception as raised:  # noqa: BLE001 - thrown into the steps
                error = raised

    def _perform(self, effect: Effect[Any]) -> Any:  # noqa: C901 - one case for each effect
        result: Any = None
        match effect:
            case YieldItem(item):
                self.emitted += item
                self.clock.time += self.reader_seconds()
            case ReceiveMessages(_, seconds):
                result = self._receive(seconds)
            case ConnectWebSocket(request):
                result = self._connect(request)
            case SendPing():
                self.pings += 1
                if self.sends_pongs:
                    self._pongs.append([])
            case Sleep(seconds, _):
                self.clock.time += seconds
            case WaitForFuture(future, _, _):
                result = future.result(0)
            case SendRequest(request, _):
                result = self._archive(request)
            case ReadChunk(answer, _):
                result = next(answer.handle, b"")
            case CloseResponse(answer):
                if answer.status == SWITCHED:
                    self._pongs.clear()
            case _:
                raise NotImplementedError(effect)
        return result

    def _connect(self, request: Request) -> Response:
        self.handshakes.append(request)
        self.handshake_times.append(self.clock.time)
        self.clock.time += 0.01
        if self.refusals:
            refusal = self.refusals.pop(0)
            if isinstance(refusal, Exception):
                raise refusal
            status, headers = (refusal, dict[str, str]()) if isinstance(refusal, int) else refusal
            return Response(status, headers, iter([b'{"detail": "no"}']), abort=lambda: None)
        if self.is_down(int(self.clock.time)):
            raise CONNECTION_LOST
        again = self.records(max(START_SECOND + 1, self._next - self.replayed_seconds()), self._next - 1)
        self.messages += [self._message(record) for record in again if self.is_sent(record["timestamp"])]
        self._next += min(self.lost_seconds(), self.step * len(self._seconds()))
        return Response(SWITCHED, {}, None, abort=lambda: None)

    def _receive(self, seconds: float) -> list[bytes] | None:
        if self.messages:
            messages, self.messages = self.messages, []
            self._count += len(messages)
            return messages
        ending = self.disconnect(self._count)
        if ending is not None:
            self._count += 1
            raise ending
        if self._pongs:
            return self._pongs.pop(0)
        due = self._due()
        if not due:
            wake = min(seconds, int(self.clock.time) + 1 - self.clock.time)
            self.clock.time += wake
            due = self._due()
            if not due and not self._wait_for_due(seconds - wake):
                self.clock.time += seconds - wake
                return None
        return [self._message(record) for record in due or self._due()]

    def _wait_for_due(self, within: float) -> bool:
        """Advance the clock until a record is due."""
        start = self.clock.time
        while (wake := self._next_end()) <= start + within:
            self.clock.time = max(self.clock.time, wake)
            if self._has_due():
                return True
        self.clock.time = start
        return False

    def _next_end(self) -> int:
        """Return the end of the first unfinished interval."""
        return int(self.clock.time) + self.step - (int(self.clock.time) + 1) % self.step

    def _has_due(self) -> bool:
        return any(self.is_sent(second) and self.records(second, second) for second in self._seconds())

    def _seconds(self) -> range:
        return range(self._next + -self._next % self.step, int(self.clock.time) + 2 - self.step, self.step)

    def _due(self) -> list[Record]:
        seconds = self._seconds()[: self.max_seconds_per_message]
        self._next = seconds[-1] + self.step if seconds else self._next
        due = [record for second in seconds if self.is_sent(second) for record in self.records(second, second)]
        self._count += len(due)
        self.clock.time += self.send_seconds if due else 0.0
        return due

    def _message(self, record: Record) -> bytes:
        return json.dumps({"session_key": "k", "message": record}).encode()

    def _archive(self, request: Request) -> Response:
        query = parse_qs(urlsplit(request.url).query)
        first, last = _second(query, "start_datetime"), _second(query, "end_datetime")
        assert first is not None
        self.fetched_ranges.append((first, last))
        self.clock.time += 0.1
        if self.archive_fails:
            return Response(500, {}, iter([b""]), abort=lambda: None)
        known = int(self.clock.time - self.archive_lag)
        end = min(known, last or known)
        records = self.records(first - first % self.step, end)
        for record in records:
            if record["timestamp"] < first or record["timestamp"] + self.step - 1 > end:
                record["rate"] = -1
        return Response(200, {}, _pieces(json.dumps(records).encode()), abort=lambda: None)


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


def _second(query: dict[str, list[str]], name: str) -> int | None:
    return int(datetime.fromisoformat(f"{query[name][0]}+00:00").timestamp()) if name in query else None


def normal_close(_: int = 0) -> RoomClosed:
    """Return the exception of a normal close."""
    return RoomClosed("closed with the code 1000")
