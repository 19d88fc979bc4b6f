"""Event hooks: functions of the program that receive an event for each request, response, error and retry."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Literal, TypeVar

from msgspec import Struct

from datastore_sdk.exceptions import CallError
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("hooks")

E = TypeVar("E", bound="CallEvent")


class CallEvent(Struct, frozen=True, kw_only=True):
    """Fields that all events have. No event contains a secret."""

    operation: str
    """The name of the operation in the API contract, such as `list_pads`."""
    endpoint: str
    """The path template, such as `/external/thirdparty/v1/pads/{pad_id}/`."""
    method: str
    """The HTTP method."""
    url: str
    """The whole URL."""
    attempt: int
    """The number of the attempt, from 1. In a download, counted from the last record."""


class RequestEvent(CallEvent, frozen=True, kw_only=True):
    """A request is about to be sent."""


class ResponseEvent(CallEvent, frozen=True, kw_only=True):
    """The status and headers of a response arrived; its body is unread."""

    status: int
    """The HTTP status."""
    seconds: float
    """Time since the request was sent."""
    request_id: str | None
    """The id that the service gave the request, if any."""


class ErrorEvent(CallEvent, frozen=True, kw_only=True):
    """An attempt failed: there was no response, or it was an error, or its body could not be read."""

    error: CallError
    """The error that the call raises if it is not retried."""
    seconds: float
    """Time since the request was sent."""


class RetryEvent(CallEvent, frozen=True, kw_only=True):
    """The call will be retried."""

    error: CallError
    """The error of the last attempt."""
    wait: float
    """Seconds until the retry."""


class QueueEvent(CallEvent, frozen=True, kw_only=True):
    """The call waits for other calls to its endpoint. Sent after two seconds, then at growing intervals."""

    seconds: float
    """Seconds that it has waited."""


class DriftEvent(CallEvent, frozen=True, kw_only=True):
    """A response deviates from the API contract. Sent once per kind of deviation."""

    kind: Literal["field", "value", "status", "missing", "type"]
    """The kind: an addition (`field`, `value`, `status`), or a contradiction (`missing`, `type`)."""
    place: str
    """The field, such as `Pad.color`; for a status, the operation."""
    message: str
    """The deviation as text."""


class Hooks(Struct, frozen=True, kw_only=True):
    """Functions that receive events, for metrics, audit logs or progress.

    They run in the thread or event loop of the call, which waits for them, so they should be quick. They cannot change
    the call: an exception in a hook is logged and ignored.
    """

    on_request: Callable[[RequestEvent], object] | None = None
    """Called before a request is sent."""
    on_response: Callable[[ResponseEvent], object] | None = None
    """Called when the status and headers of a response arrived."""
    on_error: Callable[[ErrorEvent], object] | None = None
    """Called when an attempt failed."""
    on_retry: Callable[[RetryEvent], object] | None = None
    """Called before a call waits for its retry."""
    on_queue: Callable[[QueueEvent], object] | None = None
    """Called while a call waits for other calls to its endpoint: after two seconds, then at growing intervals."""
    on_drift: Callable[[DriftEvent], object] | None = None
    """Called when a response deviates from the API contract."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            hook = getattr(self, name)
            if hook is None:
                continue
            if not callable(hook):
                raise TypeError(f"{name} must be a function, not {type(hook).__name__}")
            if iscoroutinefunction(hook):
                raise TypeError(f"{name} must be a plain function, not a coroutine function")


def call_hook(hook: Callable[[E], object] | None, event: Callable[[], E]) -> None:
    """Call a hook with an event, if there is a hook."""
    if hook is None:
        return
    try:
        hook(event())
    except Exception:
        log.exception("An event hook raised an exception; the call continues")
