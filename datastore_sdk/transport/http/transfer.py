"""The network side of one request: its timeouts, its cancellation, and whether it was sent."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from datastore_sdk._io.clock import monotonic
from datastore_sdk._io.effects import Request
from datastore_sdk.transport.http.cancellation import Cancellation, shut_down

NEVER = math.inf


class Transfer:
    """Limits of every wait of one request. As a context manager it applies to the current thread.

    HTTP libraries limit each single wait, so a service that sends byte by byte can hold a request forever. The streams
    of `network.py` query the current transfer before each wait.

    Args:
        request: The request.
        cancellation: Cancels it.
    """

    def __init__(self, request: Request, cancellation: Cancellation) -> None:
        self.cancellation = cancellation
        self.sent = False
        """Whether the service may have received the request."""
        self.traced = False
        """Whether the transport reports what it does, so that `sent` can be relied on."""
        self.streamed = request.streamed
        """Whether the response may take long to begin."""
        self._timeouts = request.timeouts
        self._name, self._seconds = "connect", request.timeouts.connect
        self._whole, self._end = NEVER, NEVER
        self._before: Transfer | None = None

    def __enter__(self) -> Self:
        self._before, _local.transfer = get_current_transfer(), self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _local.transfer = self._before

    def trace(self, event: str, details: Mapping[str, Any]) -> None:
        """Record what the transport does. httpcore calls this as an extension of the request."""
        self.traced = True
        if event.endswith("send_request_headers.started") and details["request"].method != b"CONNECT":
            self.begin_response()
        elif event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self.attach_socket(details["return_value"].get_extra_info)

    def attach_socket(self, extra_info: Callable[[str], Any]) -> None:
        """Have the cancellation shut a stream's socket down.

        Args:
            extra_info: The stream's `get_extra_info`.
        """
        self.cancellation.attach(lambda: shut_down(extra_info("socket")))

    def begin_connection(self) -> None:
        """Limit the whole of connecting: name, TCP, proxy and TLS."""
        self._name, self._seconds = "connect", self._timeouts.connect
        self._whole, self._end = self._seconds, monotonic() + self._seconds

    def begin_response(self) -> None:
        """Limit the wait for the response, and all of it once it has begun."""
        self.sent = True
        timeouts = self._timeouts
        self._name, self._seconds = ("first_byte", timeouts.first_byte) if self.streamed else ("read", timeouts.read)
        self._whole, self._end = timeouts.first_byte if self.streamed else timeouts.response, NEVER

    def begin_body(self) -> None:
        """Limit the waits for the body. Time-series data has no limit in total."""
        if self.streamed:
            self._name, self._seconds = "idle", self._timeouts.idle
            self._whole = self._end = NEVER

    def record_received(self) -> None:
        """Record that bytes arrived. From the first byte on, the whole response is limited."""
        if self._end == NEVER != self._whole:
            self._end = monotonic() + self._whole

    def seconds_left(self) -> float | None:
        """Return how many seconds the next wait may take; None if none are left."""
        left = self._end - monotonic()
        return min(self._seconds, left) if left > 0 else None

    def describe_timeout(self) -> str:
        """Return a description of the timeout that expired."""
        if self._name == "connect":
            return f"no connection within {self._seconds:g} s (Timeouts.connect)"
        if monotonic() >= self._end:
            name = "first_byte" if self.streamed else "response"
            return f"it the response was still incomplete after {self._whole:g} s (Timeouts.{name})"
        return f"nothing was received for {self._seconds:g} s (Timeouts.{self._name})"


class _Local(threading.local):
    transfer: Transfer | None = None


_local = _Local()


def get_current_transfer() -> Transfer | None:
    """Return the transfer that the current thread carries out."""
    return _local.transfer
