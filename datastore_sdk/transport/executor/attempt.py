"""One attempt at a call: told to the log, to hooks and to OpenTelemetry as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.effects import DeadlineExceeded, Request, Response
from datastore_sdk._io.responses import request_id_of
from datastore_sdk.exceptions import CallError
from datastore_sdk.instrumentation.events import ErrorEvent, Hooks, RequestEvent, ResponseEvent, tell
from datastore_sdk.instrumentation.logs import logger
from datastore_sdk.instrumentation.otel import AttemptSpan
from restream_api.types import Operation

if TYPE_CHECKING:
    from datastore_sdk.transport.executor.call import Call

log = logger("http")


class Attempt:
    """A request, from its sending until its answer was read or given up."""

    def __init__(self, call: Call, request: Request, hooks: Hooks, clock: Clock, span: AttemptSpan | None) -> None:
        self._call = call
        self._request = request
        self._what = f"{request.method} {request.url}"
        self._hooks = hooks
        self._clock = clock
        self._span = span
        self._begun = clock.monotonic()
        self._ended = False
        log.debug("%s", self._what)
        tell(hooks.on_request, lambda: RequestEvent(**facts_of(call)))

    def answered(self, answer: Response) -> None:
        """Status and headers came."""
        seconds = self._seconds()
        request_id = request_id_of(self._request, answer)
        named = f" (request id {request_id})" if request_id else ""
        log.debug("%s answered %d after %.3f s%s", self._what, answer.status, seconds, named)
        tell(
            self._hooks.on_response,
            lambda: ResponseEvent(**facts_of(self._call), status=answer.status, seconds=seconds, request_id=request_id),
        )
        if self._span:
            self._span.answered(answer.status, seconds)

    def end(self, error: BaseException | None, received: int = 0) -> None:
        """The answer was read, or will not be. Only the first time counts.

        Args:
            error: Why it failed, if it did.
            received: How many bytes of the body came.
        """
        if self._ended:
            return
        self._ended = True
        failure = self._call.late() if isinstance(error, DeadlineExceeded) else error
        if isinstance(failure, CallError):
            event = failure
            log.debug("%s", failure)
            tell(self._hooks.on_error, lambda: ErrorEvent(**facts_of(self._call), error=event, seconds=self._seconds()))
        if self._span:
            self._span.end(failure, self._seconds(), received)

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._begun


def facts_of(call: Call) -> dict[str, Any]:
    """What every event tells of a call."""
    return facts(call.operation, call.url, call.number)


def facts(operation: Operation[Any], url: str, attempt: int = 1) -> dict[str, Any]:
    """What every event tells of an operation, to this URL."""
    return {
        "operation": operation.name,
        "endpoint": operation.endpoint,
        "method": operation.method,
        "url": url,
        "attempt": attempt,
    }
