"""What a program can be told of calls as they happen: small events, handed to functions of its own."""

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
    """What all events tell: which call it is about. No event holds a secret."""

    operation: str
    """What is called, by its name in the API contract: `list_pads`."""
    endpoint: str
    """The path with the names of its ids: `/external/thirdparty/v1/pads/{pad_id}/`."""
    method: str
    """The HTTP method."""
    url: str
    """The whole URL."""
    attempt: int
    """Which attempt at the call it is, counted from 1; of records that are downloaded, since the last that came."""


class RequestEvent(CallEvent, frozen=True, kw_only=True):
    """A request is about to be sent."""


class ResponseEvent(CallEvent, frozen=True, kw_only=True):
    """Status and headers of an answer came; its body is still to be read."""

    status: int
    """The HTTP status."""
    seconds: float
    """Time since the request was sent."""
    request_id: str | None
    """The id under which the service knows the request, if it gave one."""


class ErrorEvent(CallEvent, frozen=True, kw_only=True):
    """An attempt failed: no answer came, or it was an error, or it could not be read."""

    error: CallError
    """What would be raised if the call were not made again."""
    seconds: float
    """Time since the request was sent."""


class RetryEvent(CallEvent, frozen=True, kw_only=True):
    """The call will be made again."""

    error: CallError
    """Why."""
    wait: float
    """Seconds until then."""


class QueueEvent(CallEvent, frozen=True, kw_only=True):
    """The call waits for others to the same endpoint to end; told after two seconds, then at growing distances."""

    seconds: float
    """How long it has waited."""


class DriftEvent(CallEvent, frozen=True, kw_only=True):
    """An answer differs from the API contract; told once for each kind of deviation."""

    kind: Literal["field", "value", "status", "missing", "type"]
    """What is not known (a field, a value of a field, a status), or does not fit (a missing field, a type)."""
    place: str
    """Where: `Pad.color`; of a status, the operation."""
    message: str
    """The deviation in words."""


class Hooks(Struct, frozen=True, kw_only=True):
    """Functions that are told of calls as they happen: for metrics, for audit logs, for progress.

    They are called in the thread, or in the event loop, of the call, which waits for them: they should be quick. They
    only look on: an error in one is logged and changes nothing, so that it cannot cost anybody data.
    """

    on_request: Callable[[RequestEvent], object] | None = None
    """A request is about to be sent."""
    on_response: Callable[[ResponseEvent], object] | None = None
    """Status and headers of an answer came."""
    on_error: Callable[[ErrorEvent], object] | None = None
    """An attempt failed."""
    on_retry: Callable[[RetryEvent], object] | None = None
    """The call will be made again."""
    on_queue: Callable[[QueueEvent], object] | None = None
    """The call has been waiting for other calls to the same endpoint: after two seconds, then at growing distances."""
    on_drift: Callable[[DriftEvent], object] | None = None
    """An answer differs from the API contract."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            hook = getattr(self, name)
            if hook is None:
                continue
            if not callable(hook):
                raise TypeError(f"{name} must be a function, not {type(hook).__name__}")
            if iscoroutinefunction(hook):
                raise TypeError(f"{name} must be a plain function: it is called, not awaited")


def call_hook(hook: Callable[[E], object] | None, event: Callable[[], E]) -> None:
    """Tells a hook, if there is one, of an event."""
    if hook is None:
        return
    try:
        hook(event())
    except Exception:
        log.exception("A hook failed; the call goes on")
