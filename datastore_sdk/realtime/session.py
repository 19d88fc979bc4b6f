"""Listens to a room, coming back to it whenever the connection ends. Pure: it yields effects."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Generic, TypeVar

from datastore_sdk._io.effects import EffectGen, ReceiveMessages, Response, SendPing, Sleep, YieldItem
from datastore_sdk.exceptions import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    CallError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
)
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.transport.executor.executor import RequestExecutor
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.websocket.handshake import (
    RoomClosed,
    RoomConnection,
    RoomRefusedError,
    build_close_error,
    enter_room,
)
from restream_api.types import Operation

log = get_logger("realtime")

R = TypeVar("R")

FATAL = (AuthenticationError, PermissionDeniedError, NotFoundError, BadRequestError, ResponseValidationError)
"""What coming back would not change."""
_LASTING = 5.0
"""Seconds after which a connection that told something new counts as one that lasted."""
_AT_ONCE = 3
"""How many connections in a row may be short, though they told something new, before waits between them grow."""
_BEGINNING = 100
"""How many messages of a connection are compared with those of earlier ones."""
_MOST_BEGINNINGS = 1000
"""How many messages are remembered for that."""
_NOT_UNDERSTOOD = 60.0
"""Seconds after which a room is given up of whose messages none is understood."""
_FEWEST_NOT_UNDERSTOOD = 3
"""How many messages, one after the other, that takes at least."""
_SLICE = 0.1
"""A longer wait is cut into such pieces, in seconds, so that it can be ended."""


class MessageHandler(Generic[R]):
    """What is done with what comes. Hands it on as it is."""

    def take(self, items: list[R]) -> EffectGen[bool]:
        """Emits what is new of these; whether anything was."""
        yield from YieldItem(items)
        return bool(items)

    def shake_hands(self, headers: Mapping[str, str]) -> None:
        """Take note of the headers with which the room was entered."""

    def entered(self) -> EffectGen[None]:
        """The room was entered, for the first time or again."""
        yield from ()

    def silent(self) -> EffectGen[None]:
        """Nothing has come for some time."""
        yield from ()

    def waited(self, seconds: float) -> None:
        """So long was waited for what comes next."""

    def broken(self) -> None:
        """The connection ended."""


class RoomSession(Generic[R]):
    """One room, listened to until nobody wants it any more or it cannot be entered.

    Args:
        exchange: Whom to ask.
        room: Which.
        messages: Reads what is told.
        hearer: Is told of it.
        manners: How to listen.
        counts: Takes note of what comes.
        retries: How often and when it is tried to enter the room at first; as any call unless given.

    The steps end where the service closed the connection and that is to be the end. They raise what ended the
    connection where errors are to be the end, what a refused room was refused with, and after `give_up_after` seconds
    what kept it from telling anything new.
    """

    def __init__(
        self,
        exchange: RequestExecutor,
        room: Operation[None],
        messages: MessageDecoder[R],
        hearer: MessageHandler[R],
        manners: StreamOptions,
        counts: Counters,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._exchange = exchange
        self._retries = retries or exchange.retries
        self._room = room
        self._messages = messages
        self._hearer = hearer
        self._manners = manners
        self._counts = counts
        self.was_entered = False
        """Whether the room could be entered at least once."""
        self._news = False
        self._short = 0
        self._not_understood = 0
        self._not_understood_since = 0.0
        self._begun = 0
        self._beginnings: set[int] = set()
        self._refused_token: str | None = None
        self._entered_at = self._fruitless_since = exchange.clock.monotonic()

    def steps(self) -> EffectGen[None]:
        """Emits what is heard, in lists, as it comes."""
        attempt = 0
        while True:
            self._news, self._begun = False, 0
            ending = yield from self._ended()
            if ending is None:
                return
            attempt = self._attempt_after(attempt)
            yield from self._wait(ending, attempt)
            self._counts.reconnections += self.was_entered

    def _attempt_after(self, attempt: int) -> int:
        """Return the number of the next attempt in a row of those that came to little; 0 after one that did not."""
        if not self._news:
            return attempt + 1
        self._short = 0 if self._lasted >= _LASTING else self._short + 1
        return max(0, self._short - _AT_ONCE)

    @property
    def _lasted(self) -> float:
        """Seconds since the room was entered last."""
        return self._exchange.clock.monotonic() - self._entered_at

    def _ended(self) -> EffectGen[CallError | RoomClosed | None]:
        """What ended a connection; None where that is to be the end of all."""
        try:
            yield from self._once()
        except RoomClosed as closed:
            return closed if self._manners.restart_on_close else None
        except CallError as error:
            if not self._manners.restart_on_error or self._is_final(error):
                raise
            return error
        return None

    def _is_final(self, error: CallError) -> bool:
        """Whether coming back would change nothing."""
        if self.was_entered and isinstance(error, BadRequestError):
            return False  # the request was good before: the service takes the lost connection for one that is alive
        return isinstance(error, FATAL) or (isinstance(error, APIConnectionError) and error.permanent)

    def _wait(self, ending: CallError | RoomClosed, attempt: int) -> EffectGen[None]:
        """Waits before the next attempt, not at all where the last brought something new and lasted."""
        error = ending if isinstance(ending, CallError) else self._fruitless(ending)
        error.attempts = max(1, attempt)
        wait = self._wait_after(error, attempt)
        fruitless = self._exchange.clock.monotonic() - self._fruitless_since
        if not self._news and fruitless + wait > (self._manners.give_up_after or math.inf):
            raise error
        log.info("%s: %s; entering it again in %.1f s", self._room.path, ending, wait)
        yield from pause(wait)

    def _wait_after(self, error: CallError, attempt: int) -> float:
        if self.was_entered:
            asked = error.retry_after if isinstance(error, RateLimitError | ServerError) else None
            return max(self._lasting_wait(attempt), asked or 0.0)
        wait = self._retries.wait_after(error, attempt=attempt, idempotent=True)
        if wait is None:
            raise error
        return wait

    def _lasting_wait(self, attempt: int) -> float:
        """As before any call, but without an end."""
        if not attempt:
            return 0.0
        policy = replace(self._retries, max_attempts=sys.maxsize, max_seconds=None, wait=True)
        lost = APIConnectionError("", method=self._room.method, url=self._room.path, sent=True)
        return policy.wait_after(lost, attempt=attempt, idempotent=True) or 0.0

    def _once(self) -> EffectGen[None]:
        """Listens over one connection."""
        room = yield from enter_room(self._exchange, self._room)
        entered_before = self.was_entered
        self.was_entered = self._counts.connected = True
        self._entered_at = self._exchange.clock.monotonic()
        try:
            self._hearer.shake_hands(room.response.headers)
            yield from self._hearer.entered()
            yield from self._listen(room.response)
        except RoomRefusedError as closed:
            if self._news or self._lasted >= self._manners.stale_after:  # the end of a visit, not a refusal
                raise
            self.was_entered = entered_before
            raise (yield from self._refusal(room, closed)) from closed
        finally:
            self._counts.connected = False
            if self._news or self._lasted >= self._manners.stale_after:  # rooms may be silent for long
                self._fruitless_since = self._exchange.clock.monotonic()
            self._hearer.broken()
            yield from room.close()

    def _listen(self, answer: Response) -> EffectGen[None]:
        clock, patience = self._exchange.clock, self._manners.stale_after / 2
        asked, heard = False, clock.monotonic()
        while True:
            begun = clock.monotonic()
            messages = yield from ReceiveMessages(answer, patience)
            self._hearer.waited(clock.monotonic() - begun)
            if messages:
                yield from self._hear(messages)
                heard = clock.monotonic()
            elif messages is None:
                if asked:
                    raise self._dead()
                yield from SendPing(answer)
            asked = messages is None
            if asked or clock.monotonic() - heard >= patience:
                yield from self._hearer.silent()

    def _hear(self, messages: list[bytes]) -> EffectGen[None]:
        self._counts.last_message_at = self._exchange.clock.now()
        unreadable = self._counts.unreadable
        items = self._messages.read(messages)
        unread = self._counts.unreadable - unreadable
        self._counts.received += len(items)
        if items and (yield from self._hearer.take(items)) and self._differ(messages):
            self._news, self._refused_token = True, None
        misfit = self._counts.unreadable - unreadable - unread
        if len(items) > misfit:
            self._not_understood = 0
        elif unread or misfit:
            self._give_up_if_strange(unread + misfit)

    def _give_up_if_strange(self, count: int) -> None:
        """Note messages that are not understood.

        Raises:
            ResponseValidationError: For a while, none was understood.
        """
        now = self._exchange.clock.monotonic()
        if not self._not_understood:
            self._not_understood_since = now
        self._not_understood += count
        seconds = now - self._not_understood_since
        if self._not_understood >= _FEWEST_NOT_UNDERSTOOD and seconds >= _NOT_UNDERSTOOD:
            url = self._exchange.base_url + self._room.path
            message = (
                f"{self._room.method} {url}: none of the last {self._not_understood} messages, in {seconds:.0f} s, "
                "could be understood; the log shows their beginnings. Update the SDK, or check the base URL"
            )
            raise ResponseValidationError(message, method=self._room.method, url=url)

    def _differ(self, messages: list[bytes]) -> bool:
        """Return whether these are not only what earlier connections began with, as far as that is known."""
        if self._news or self._begun >= _BEGINNING:
            return True
        self._begun += len(messages)
        beginning = {*map(hash, messages)}
        differ = not beginning <= self._beginnings
        if len(self._beginnings) > _MOST_BEGINNINGS:
            self._beginnings.clear()
        self._beginnings |= beginning
        return differ

    def _refusal(self, room: RoomConnection, closed: RoomRefusedError) -> EffectGen[CallError]:
        """Return the error for a refusal by close code: what it stands for, unless another token may help."""
        error = build_close_error(self._exchange, self._room, room, closed)
        if isinstance(error, AuthenticationError | PermissionDeniedError) and room.request.token != self._refused_token:
            self._refused_token = renewed = yield from self._exchange.access_token(rejected=room.request.token)
            if renewed != room.request.token:
                return closed  # entered again, with that token
        return error

    def _fruitless(self, closed: RoomClosed) -> APIConnectionError:
        url = self._exchange.base_url + self._room.path
        message = f"{self._room.method} {url}: the service {closed} and told nothing new"
        return APIConnectionError(message, method=self._room.method, url=url, sent=True)

    def _dead(self) -> APIConnectionError:
        message = (
            f"{self._room.method} {self._exchange.base_url}{self._room.path}: the connection is dead: no sign of life "
            f"for {self._manners.stale_after:g} s"
        )
        url = self._exchange.base_url + self._room.path
        return APIConnectionError(message, method=self._room.method, url=url, sent=True)


def pause(seconds: float) -> EffectGen[None]:
    """Lets time pass; can be ended in the middle."""
    while seconds > 0:
        yield from Sleep(min(seconds, _SLICE))
        seconds -= _SLICE
