"""One call and its attempts: retries, waiting for a permit, and reports to log, hooks and OpenTelemetry."""

from __future__ import annotations

from concurrent.futures import Future
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.deadline import Deadline, DeadlineExceeded
from datastore_sdk._io.effects import Cancelled, EffectGen, Request, Response, Sleep
from datastore_sdk._io.responses import get_request_id
from datastore_sdk._io.semaphore import Waiter
from datastore_sdk.exceptions import APITimeoutError, CallError, RateLimitError
from datastore_sdk.instrumentation import otel
from datastore_sdk.instrumentation.events import (
    ErrorEvent,
    Hooks,
    QueueEvent,
    RequestEvent,
    ResponseEvent,
    RetryEvent,
    call_hook,
)
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.transport.executor.concurrency import ConcurrencyLimits, HeldPermit
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.types import Operation

R = TypeVar("R")

_http_log = get_logger("http")
_retry_log = get_logger("retry")
_limits_log = get_logger("limits")
_GRACE_SECONDS = 0.5
"""How long a call waits for a permit even with `RetryPolicy(wait=False)`: a cancelled download needs it to end."""
_FIRST_REPORT_SECONDS = 2.0
"""Length of a wait for a permit after which it is reported; later reports come after twice as long each."""


class Call:
    """A call, which is repeated as often as its retry policy says. As a context manager it ends its span.

    Args:
        operation: The operation to call.
        base_url: Scheme and host of the service.
        policy: The retry policy.
        clock: The clock.
        hooks: The event hooks.
        deadline: When the call must be finished.
    """

    def __init__(
        self,
        operation: Operation[Any],
        base_url: str,
        *,
        policy: RetryPolicy,
        clock: Clock,
        hooks: Hooks,
        deadline: Deadline | None = None,
    ) -> None:
        self.operation = operation
        """The operation. A download replaces it by the operation that fetches the remaining records."""
        self.attempt_number = 1
        self.policy = policy
        self.clock = clock
        self.hooks = hooks
        self.deadline = deadline
        self._base_url = base_url
        self._started = clock.monotonic()
        self._requests = 0
        self._last_error = ""  # as text, since the error references the frames that reference this object
        self._span = otel.start_span(operation)

    @property
    def url(self) -> str:
        """The whole URL."""
        return self._base_url + self.operation.target

    @property
    def description(self) -> str:
        """Method and URL, for messages."""
        return f"{self.operation.method} {self.url}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span:
            self._span.end(None if isinstance(error, Cancelled) else error)

    def event_fields(self) -> dict[str, Any]:
        """Return the fields that all events of this call have."""
        return event_fields(self.operation, self.url, self.attempt_number)

    def deadline_error(self) -> APITimeoutError:
        """Return the error of a call that missed its deadline."""
        seconds = self.deadline.seconds if self.deadline else None
        message = f"{self.description} did not finish within {seconds} s (Timeouts.total)"
        if self._last_error:
            message += f"; the previous attempt failed: {self._last_error}"
        return APITimeoutError(message, method=self.operation.method, url=self.url, sent=self._requests > 0)

    def start_attempt(self, request: Request) -> Attempt:
        """Report that a request is about to be sent."""
        self._requests += 1
        span = self._span.start_attempt(request, self._requests - 1) if self._span else None
        return Attempt(self, request, span)

    def wait_for_retry(self, error: CallError) -> EffectGen[None]:
        """Wait before the next attempt; raise the error if the call must not be retried."""
        try:
            wait = self._retry_wait(error)
            if wait is None:
                raise error
            self._report_retry(error, wait)
        finally:
            del error  # it references this frame
        self.attempt_number += 1
        yield from Sleep(wait, self.deadline)

    def reset_attempts(self) -> None:
        """Count attempts and time from now on, since records arrived."""
        self.attempt_number = 1
        self._started = self.clock.monotonic()

    def acquire_permit(self, limits: ConcurrencyLimits) -> EffectGen[HeldPermit]:
        """Take a permit for the endpoint.

        Raises:
            RateLimitError: All permits are held, and the retry policy does not allow waiting.
        """
        return (yield from limits.acquire(self.operation.endpoint, _CallWaiter(self)))

    def _report_retry(self, error: CallError, wait: float) -> None:
        self._last_error = text = str(error)
        attempt, maximum = self.attempt_number + 1, self.policy.max_attempts
        _retry_log.warning("%s; attempt %d of %d in %.1f s", text, attempt, maximum, wait)
        call_hook(self.hooks.on_retry, lambda: RetryEvent(**self.event_fields(), error=error, wait=wait))
        if self._span:
            self._span.count_retry(error)

    def _retry_wait(self, error: CallError) -> float | None:
        """Return the seconds until the next attempt; None if there must be none."""
        if error.final:  # the error of a token request, which had its own retries
            return None
        elapsed = self.clock.monotonic() - self._started
        wait = self.policy.wait_after(
            error, attempt=self.attempt_number, idempotent=self.operation.idempotent, elapsed=elapsed
        )
        error.attempts = self.attempt_number
        if wait is None or (self.deadline and wait > self.deadline.remaining()):
            return None
        if not self.policy.wait:
            error.retry_after = wait
            return None
        return wait


class Attempt:
    """One request of a call, from sending it until its response was read."""

    def __init__(self, call: Call, request: Request, span: otel.AttemptSpan | None) -> None:
        self._call = call
        self._request = request
        self._span = span
        self._started = call.clock.monotonic()
        self._ended = False
        self._description = f"{request.method} {request.url}"
        _http_log.debug("%s", self._description)
        call_hook(call.hooks.on_request, lambda: RequestEvent(**call.event_fields()))

    def record_response(self, response: Response) -> None:
        """Report that status and headers arrived."""
        seconds, call = self._get_elapsed(), self._call
        request_id = get_request_id(self._request, response)
        suffix = f" (request id {request_id})" if request_id else ""
        _http_log.debug("%s returned %d after %.3f s%s", self._description, response.status, seconds, suffix)
        call_hook(
            call.hooks.on_response,
            lambda: ResponseEvent(
                **call.event_fields(), status=response.status, seconds=seconds, request_id=request_id
            ),
        )
        if self._span:
            self._span.record_response(response.status, seconds)

    def end(self, error: BaseException | None, received: int = 0) -> None:
        """Report the end of the attempt. Calls after the first have no effect.

        Args:
            error: The error that the attempt failed with, if any.
            received: The bytes of the body that arrived.
        """
        if self._ended:
            return
        self._ended = True
        call, failure = self._call, self._call.deadline_error() if isinstance(error, DeadlineExceeded) else error
        if isinstance(failure, CallError):
            reported = failure
            _http_log.debug("%s", failure)
            call_hook(
                call.hooks.on_error,
                lambda: ErrorEvent(**call.event_fields(), error=reported, seconds=self._get_elapsed()),
            )
        if self._span:
            self._span.end(failure, self._get_elapsed(), received)

    def _get_elapsed(self) -> float:
        return self._call.clock.monotonic() - self._started


class _CallWaiter(Waiter):
    """Reports how long a call waits for its permit, and limits the wait if the retry policy does not allow waiting."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.deadline)
        self._call = call
        self._started = call.clock.monotonic()
        self._next_report = _FIRST_REPORT_SECONDS

    def wait(self, future: Future[R], seconds: float) -> EffectGen[R]:
        """See `Waiter.wait`."""
        if not future.done():
            if not self._call.policy.wait:
                return (yield from self._wait_briefly(future))
            waited = self._call.clock.monotonic() - self._started
            if waited >= self._next_report:
                self._next_report = 2 * waited
                self._report(waited)
        return (yield from super().wait(future, seconds))

    def _wait_briefly(self, future: Future[R]) -> EffectGen[R]:
        try:
            return (yield from super().wait(future, _GRACE_SECONDS))
        except TimeoutError:
            raise self._limit_error() from None

    def _report(self, seconds: float) -> None:
        call = self._call
        _limits_log.info("%s has waited %.0f s for other calls to its endpoint", call.description, seconds)
        call_hook(call.hooks.on_queue, lambda: QueueEvent(**call.event_fields(), seconds=seconds))

    def _limit_error(self) -> RateLimitError:
        call = self._call
        message = (
            f"{call.description} was not sent: the service's limit of concurrent calls to its endpoint is reached, and "
            "RetryPolicy(wait=False) does not allow waiting for one of them to end"
        )
        details: dict[str, Any] = {"status": int(HTTPStatus.TOO_MANY_REQUESTS), "body": "", "request_id": None}
        return RateLimitError(message, method=call.operation.method, url=call.url, **details)


def event_fields(operation: Operation[Any], url: str, attempt: int = 1) -> dict[str, Any]:
    """Return the fields that all events about an operation have."""
    return {
        "operation": operation.name,
        "endpoint": operation.endpoint,
        "method": operation.method,
        "url": url,
        "attempt": attempt,
    }
