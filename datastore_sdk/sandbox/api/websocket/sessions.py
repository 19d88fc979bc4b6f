"""Sessions: queues of measurement records that outlast their connections."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import orjson

from datastore_sdk.sandbox.api.errors import build_bad_request
from datastore_sdk.sandbox.api.websocket.options import RoomOptions
from datastore_sdk.sandbox.api.websocket.records import LiveRecordFeed
from datastore_sdk.sandbox.api.websocket.sources import MessageSource
from datastore_sdk.sandbox.simulation.readings import Record

_MAX_SESSIONS: Final = 1000


class RoomSubject(NamedTuple):
    """Content of a queue. A client that returns with the same key but another query gets a new queue."""

    client: str
    path: str
    query: tuple[tuple[str, str], ...]


class MeasurementSession(MessageSource):
    """Queue of one session key.

    Messages that were taken and not sent are taken again after a break. So are some that were sent: the server does not
    know whether they arrived.
    """

    def __init__(
        self, key: str, subject: RoomSubject, records: LiveRecordFeed, options: RoomOptions, seed: int
    ) -> None:
        self.subject = subject
        self.is_read = True
        self._opening = b'{"session_key":' + orjson.dumps(key) + b',"message":'
        self._records = records
        self._options = options
        self._random = random.Random(f"{seed} {subject}")  # noqa: S311 - no secret
        self._waiting = deque[bytes]()
        self._in_flight: list[bytes] = []
        self._latest = deque[bytes](maxlen=options.replays)
        self._to_lose = 0
        self._lock = threading.Lock()

    def resume(self, now: int) -> None:
        """Start reading again, after a break."""
        with self._lock:
            self.is_read = True
            self._put_back()
            for _ in range(self._random.randint(0, len(self._latest))):
                self._waiting.appendleft(self._latest.pop())
            self._records.forget(now + 1 - self._options.kept_seconds)

    def take(self, now: int, max_items: int) -> list[bytes]:
        """Return the next messages."""
        with self._lock:
            self._put_back()
            while messages := self._next(now, max_items):
                lost = min(self._to_lose, len(messages))
                self._to_lose -= lost
                self._in_flight = messages[lost:]
                if self._in_flight:
                    break
            return [*self._in_flight]

    def due_at(self, now: int) -> float:
        """Return when the next record is due, or now if messages wait."""
        return now if self._waiting else self._records.due_at()

    def mark_sent(self, count: int) -> None:
        """Drop messages that need not be sent again."""
        with self._lock:
            self._latest.extend(self._in_flight[:count])
            del self._in_flight[:count]

    def skip(self, count: int) -> None:
        """Drop the next messages."""
        with self._lock:
            lost = self._in_flight[:count]
            del self._in_flight[:count]
            self._to_lose += count - len(lost)

    def close(self) -> None:
        """Let another connection read the queue."""
        self.is_read = False

    def _put_back(self) -> None:
        self._waiting.extendleft(reversed(self._in_flight))
        self._in_flight = []

    def _next(self, now: int, max_items: int) -> list[bytes]:
        messages = [self._waiting.popleft() for _ in range(min(max_items, len(self._waiting)))]
        if len(messages) < max_items:
            messages += self._messages(self._records.take(now, max_items - len(messages)))
        return messages

    def _messages(self, records: list[Record]) -> Iterator[bytes]:
        remaining = iter(records)
        for record in remaining:
            if not _happens(self._random, self._options.array_every):
                yield b"%b%b}" % (self._opening, orjson.dumps(record))
                continue
            more = self._random.randrange(self._options.longest_array)
            items = [record, *islice(remaining, more)]
            yield b"%b%b}" % (self._opening, orjson.dumps(items))


def _happens(chance: random.Random, every: int) -> bool:
    return every > 0 and chance.random() * every < 1


class SessionRegistry:
    """All sessions, by their keys. May be used from any thread."""

    def __init__(self, options: RoomOptions, seed: int) -> None:
        self._options = options
        self._seed = seed
        self._known: dict[str, MeasurementSession] = {}
        self._lock = threading.Lock()

    def enter(
        self, key: str, subject: RoomSubject, now: int, records: Callable[[], LiveRecordFeed]
    ) -> MeasurementSession:
        """Return the session of a key, new or resumed; no other connection may read it until it is left.

        Args:
            key: The session key.
            subject: The query.
            now: The field's time.
            records: Function that returns the records of a new session.

        Raises:
            RequestError: 400 if another connection reads it.
        """
        with self._lock:
            session = self._known.pop(key, None)
            if session is not None and session.is_read:
                self._known[key] = session
                raise build_bad_request(session_key="Another connection uses this session key.")
            if session is not None and session.subject == subject:
                session.resume(now)
            else:
                session = MeasurementSession(key, subject, records(), self._options, self._seed)
            self._known[key] = session
            self._forget_old()
            return session

    def _forget_old(self) -> None:
        spare = len(self._known) - _MAX_SESSIONS
        for key in [key for key, session in self._known.items() if not session.is_read][: max(spare, 0)]:
            del self._known[key]
