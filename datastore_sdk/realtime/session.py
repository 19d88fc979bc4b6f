"""Session in a room: connect, receive, and reconnect whenever the connection ends. Pure: yields effects."""

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
from datastore_sdk.realtime.options import StreamOptions
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

PERMANENT_ERRORS = (AuthenticationError, PermissionDeniedError, NotFoundError, BadRequestError, ResponseValidationError)
"""Errors that reconnecting would not change."""
_LONG_CONNECTION_SECONDS = 5.0
"""Seconds after which a connection that brought new data is not short."""
_MAX_SHORT_CONNECTIONS = 3
"""Number of consecutive short connections with new data after which the waits between them grow."""
_COMPARED_MESSAGES = 100
"""Number of first messages of a connection that are compared with those of earlier connections."""
_MAX_REMEMBERED_MESSAGES = 1000
"""Maximum number of messages that are remembered for that."""
_MAX_UNDECODED_SECONDS = 60.0
"""Seconds after which a room whose messages are all unreadable raises an error."""
_MIN_UNDECODED_MESSAGES = 3
"""Minimum number of consecutive unreadable messages before that error."""
_SLEEP_SECONDS = 0.1
"""Longer waits are split into sleeps of this length, so that they can be cancelled."""


class MessageHandler(Generic[R]):
    """Handles what a room sends. This base class yields the items unchanged."""

    def handle(self, items: list[R]) -> EffectGen[bool]:
        """Yield the new items, and return whether there were any."""
        yield from YieldItem(items)
        return bool(items)

    def on_handshake(self, headers: Mapping[str, str]) -> None:
        """Handle the response headers of a handshake."""

    def on_connect(self) -> EffectGen[None]:
        """Handle the first or a later connection."""
        yield from ()

    def on_idle(self) -> EffectGen[None]:
        """Handle a silence of some seconds."""
        yield from ()

    def on_wait(self, seconds: float) -> None:
        """Handle the end of a wait for messages, which took this many seconds."""

    def on_disconnect(self) -> None:
        """Handle the end of a connection."""


class RoomSession(Generic[R]):
    """Connection to one room, which is re-established until the reader stops or the service refuses.

    Args:
        executor: Sends the requests.
        room: Operation that enters the room.
        decoder: Decodes the messages.
        handler: Handles the decoded items.
        options: Options of the stream.
        counters: Counts what arrives.
        retries: Retry policy until the room was entered once. Default: that of any call.

    The effects end if the service closes the connection normally and `restart_on_close` is False. They raise the error
    of a lost connection if `restart_on_error` is False, the error of a refusal, and the last error after
    `give_up_after` seconds without new data.
    """

    def __init__(
        self,
        executor: RequestExecutor,
        room: Operation[None],
        decoder: MessageDecoder[R],
        handler: MessageHandler[R],
        options: StreamOptions,
        counters: Counters,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._executor = executor
        self._retries = retries or executor.retries
        self._room = room
        self._decoder = decoder
        self._handler = handler
        self._options = options
        self._counters = counters
        self.was_connected = False
        """Whether the room was entered at least once."""
        self._received_new = False
        self._short_connections = 0
        self._undecoded = 0
        self._undecoded_since = 0.0
        self._compared = 0
        self._first_messages: set[int] = set()
        self._rejected_token: str | None = None
        self._connected_at = self._unproductive_since = executor.clock.monotonic()

    def run(self) -> EffectGen[None]:
        """Yield the items, in lists, as they arrive."""
        attempt = 0
        while True:
            self._received_new, self._compared = False, 0
            end = yield from self._run_connection()
            if end is None:
                return
            attempt = self._next_attempt(attempt)
            yield from self._wait(end, attempt)
            self._counters.reconnections += self.was_connected

    def _next_attempt(self, attempt: int) -> int:
        """Return the number of the next attempt in a row of unproductive ones; 0 after a productive one."""
        if not self._received_new:
            return attempt + 1
        self._short_connections = 0 if self._connection_age >= _LONG_CONNECTION_SECONDS else self._short_connections + 1
        return max(0, self._short_connections - _MAX_SHORT_CONNECTIONS)

    @property
    def _connection_age(self) -> float:
        """Seconds since the room was last entered."""
        return self._executor.clock.monotonic() - self._connected_at

    def _run_connection(self) -> EffectGen[CallError | RoomClosed | None]:
        """Return what ended a connection; None if the stream should end too."""
        try:
            yield from self._connect_and_listen()
        except RoomClosed as closed:
            return closed if self._options.restart_on_close else None
        except CallError as error:
            if not self._options.restart_on_error or self._is_final(error):
                raise
            return error
        return None

    def _is_final(self, error: CallError) -> bool:
        """Return whether a reconnect would fail in the same way."""
        if self.was_connected and isinstance(error, BadRequestError):
            return False  # it succeeded before: the service still counts the lost connection as open
        return isinstance(error, PERMANENT_ERRORS) or (isinstance(error, APIConnectionError) and error.permanent)

    def _wait(self, end: CallError | RoomClosed, attempt: int) -> EffectGen[None]:
        """Wait before the next attempt. There is no wait after a long connection that brought new data."""
        error = end if isinstance(end, CallError) else self._unproductive_error(end)
        error.attempts = max(1, attempt)
        wait = self._reconnect_wait(error, attempt)
        unproductive = self._executor.clock.monotonic() - self._unproductive_since
        if not self._received_new and unproductive + wait > (self._options.give_up_after or math.inf):
            raise error
        log.info("%s: %s; reconnecting in %.1f s", self._room.path, end, wait)
        yield from sleep(wait)

    def _reconnect_wait(self, error: CallError, attempt: int) -> float:
        if self.was_connected:
            retry_after = error.retry_after if isinstance(error, RateLimitError | ServerError) else None
            return max(self._backoff_wait(attempt), retry_after or 0.0)
        wait = self._retries.wait_after(error, attempt=attempt, idempotent=True)
        if wait is None:
            raise error
        return wait

    def _backoff_wait(self, attempt: int) -> float:
        """Return the seconds to wait, by the retry policy without its maximum number of attempts."""
        if not attempt:
            return 0.0
        policy = replace(self._retries, max_attempts=sys.maxsize, max_seconds=None, wait=True)
        lost = APIConnectionError("", method=self._room.method, url=self._room.path, sent=True)
        return policy.wait_after(lost, attempt=attempt, idempotent=True) or 0.0

    def _connect_and_listen(self) -> EffectGen[None]:
        """Receive over one connection."""
        room = yield from enter_room(self._executor, self._room)
        was_connected = self.was_connected
        self.was_connected = self._counters.connected = True
        self._connected_at = self._executor.clock.monotonic()
        try:
            self._handler.on_handshake(room.response.headers)
            yield from self._handler.on_connect()
            yield from self._listen(room.response)
        except RoomRefusedError as closed:
            if (
                self._received_new or self._connection_age >= self._options.stale_after
            ):  # an ordinary end, not a refusal
                raise
            self.was_connected = was_connected
            raise (yield from self._refusal_error(room, closed)) from closed
        finally:
            self._counters.connected = False
            if self._received_new or self._connection_age >= self._options.stale_after:  # rooms may be silent for long
                self._unproductive_since = self._executor.clock.monotonic()
            self._handler.on_disconnect()
            yield from room.close()

    def _listen(self, response: Response) -> EffectGen[None]:
        clock, ping_after = self._executor.clock, self._options.stale_after / 2
        ping_sent, last_message = False, clock.monotonic()
        while True:
            started = clock.monotonic()
            messages = yield from ReceiveMessages(response, ping_after)
            self._handler.on_wait(clock.monotonic() - started)
            if messages:
                yield from self._handle_messages(messages)
                last_message = clock.monotonic()
            elif messages is None:
                if ping_sent:
                    raise self._dead_connection_error()
                yield from SendPing(response)
            ping_sent = messages is None
            if ping_sent or clock.monotonic() - last_message >= ping_after:
                yield from self._handler.on_idle()

    def _handle_messages(self, messages: list[bytes]) -> EffectGen[None]:
        self._counters.last_message_at = self._executor.clock.now()
        unreadable = self._counters.unreadable
        items = self._decoder.decode(messages)
        undecoded = self._counters.unreadable - unreadable
        self._counters.received += len(items)
        if items and (yield from self._handler.handle(items)) and self._is_new_content(messages):
            self._received_new, self._rejected_token = True, None
        unfit = self._counters.unreadable - unreadable - undecoded
        if len(items) > unfit:
            self._undecoded = 0
        elif undecoded or unfit:
            self._count_undecoded(undecoded + unfit)

    def _count_undecoded(self, count: int) -> None:
        """Count consecutive unreadable messages.

        Raises:
            ResponseValidationError: No message was readable for `_MAX_UNDECODED_SECONDS`.
        """
        now = self._executor.clock.monotonic()
        if not self._undecoded:
            self._undecoded_since = now
        self._undecoded += count
        seconds = now - self._undecoded_since
        if self._undecoded >= _MIN_UNDECODED_MESSAGES and seconds >= _MAX_UNDECODED_SECONDS:
            url = self._executor.base_url + self._room.path
            message = (
                f"{self._room.method} {url}: none of the last {self._undecoded} messages, in {seconds:.0f} s, "
                "could be read; the log shows how they begin. Update the SDK, or check the base URL"
            )
            raise ResponseValidationError(message, method=self._room.method, url=url)

    def _is_new_content(self, messages: list[bytes]) -> bool:
        """Return whether the messages differ from the first messages of earlier connections."""
        if self._received_new or self._compared >= _COMPARED_MESSAGES:
            return True
        self._compared += len(messages)
        hashes = {*map(hash, messages)}
        is_new = not hashes <= self._first_messages
        if len(self._first_messages) > _MAX_REMEMBERED_MESSAGES:
            self._first_messages.clear()
        self._first_messages |= hashes
        return is_new

    def _refusal_error(self, room: RoomConnection, closed: RoomRefusedError) -> EffectGen[CallError]:
        """Return the error of a refusal by close code. If a new token may help, that is the close itself."""
        error = build_close_error(self._executor, self._room, room, closed)
        if (
            isinstance(error, AuthenticationError | PermissionDeniedError)
            and room.request.token != self._rejected_token
        ):
            self._rejected_token = renewed = yield from self._executor.access_token(rejected=room.request.token)
            if renewed != room.request.token:
                return closed  # reconnect with the new token
        return error

    def _unproductive_error(self, closed: RoomClosed) -> APIConnectionError:
        url = self._executor.base_url + self._room.path
        message = f"{self._room.method} {url}: the service {closed} and sent nothing new"
        return APIConnectionError(message, method=self._room.method, url=url, sent=True)

    def _dead_connection_error(self) -> APIConnectionError:
        url = self._executor.base_url + self._room.path
        message = (
            f"{self._room.method} {url}: the connection is dead: no message or pong for {self._options.stale_after:g} s"
        )
        return APIConnectionError(message, method=self._room.method, url=url, sent=True)


def sleep(seconds: float) -> EffectGen[None]:
    """Wait for some seconds. The wait can be cancelled."""
    while seconds > 0:
        yield from Sleep(min(seconds, _SLEEP_SECONDS))
        seconds -= _SLEEP_SECONDS
