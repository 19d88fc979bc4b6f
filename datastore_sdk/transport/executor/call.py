"""One call under way: its attempts, its time, and who is told of it."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self, TypeVar

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.effects import Cancelled, Effect, EffectGen, Request, Sleep, WaitForFuture, changed
from datastore_sdk.exceptions import APITimeoutError, CallError, RateLimitError
from datastore_sdk.instrumentation import otel as telemetry
from datastore_sdk.instrumentation.events import Hooks, QueueEvent, RetryEvent, tell
from datastore_sdk.instrumentation.logs import logger
from datastore_sdk.transport.executor.attempt import Attempt, facts_of
from datastore_sdk.transport.executor.deadline import Deadline
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.types import Operation

R = TypeVar("R")

_retries = logger("retry")
_limits = logger("limits")
_MOMENT = 0.5
"""Seconds that whoever must not wait waits all the same: in them a download that was just given up comes to its end."""
_FIRST_NOTICE = 2.0
"""Seconds of waiting for other calls after which that is told; then after twice as many, and so on."""
_STATUS = 429


class Call:
    """A call that is made as often as its policy says. As a context manager it tells of the call's end.

    Args:
        operation: What is called.
        base_url: Scheme and host of the service.
        policy: Whether and when it is made again.
        clock: What time goes by.
        hooks: Whom to tell.
        total: Seconds that it may take in all.
    """

    def __init__(
        self,
        operation: Operation[Any],
        base_url: str,
        *,
        policy: RetryPolicy,
        clock: Clock,
        hooks: Hooks,
        total: float | None = None,
    ) -> None:
        self.operation = operation
        """What is called; of a download, what is left of it."""
        self._base_url = base_url
        self.number = 1
        """Which attempt it is."""
        self._policy = policy
        self._clock = clock
        self._hooks = hooks
        self._total = total
        self.deadline = Deadline(clock, total)
        """When it must have come to its end."""
        self._begun = clock.monotonic()
        self._sent = 0
        self._failure = ""  # as text: the error itself holds the frames that hold this
        self._span = telemetry.begin(operation)

    @property
    def url(self) -> str:
        """The whole URL."""
        return self._base_url + self.operation.target

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span:
            self._span.end(None if isinstance(error, Cancelled) else error)

    def late(self) -> APITimeoutError:
        """The error of a call that had all its time."""
        message = f"{self.operation.method} {self.url} did not come to its end within {self._total} s (Timeouts.total)"
        if self._failure:
            message += f"; the attempt before it: {self._failure}"
        return APITimeoutError(message, method=self.operation.method, url=self.url, sent=self._sent > 0)

    def attempt(self, request: Request) -> Attempt:
        """A request is about to be sent."""
        self._sent += 1
        span = self._span.attempt(request, self._sent - 1) if self._span else None
        return Attempt(self, request, self._hooks, self._clock, span)

    def pause(self, error: CallError) -> EffectGen[None]:
        """Waits before the next attempt, or raises the error where there must be none."""
        try:
            wait = self._wait_after(error)
            if wait is None:
                raise error
            self._note(error, wait)
        finally:
            del error  # it holds this frame
        self.number += 1
        yield from Sleep(wait)

    def _note(self, error: CallError, wait: float) -> None:
        self._failure = text = str(error)
        _retries.warning("%s; attempt %d of %d in %.1f s", text, self.number + 1, self._policy.max_attempts, wait)
        tell(self._hooks.on_retry, lambda: RetryEvent(**facts_of(self), error=error, wait=wait))
        if self._span:
            self._span.retried(error)

    def _wait_after(self, error: CallError) -> float | None:
        """How many seconds to wait before the next attempt; None where there must be none."""
        if error.final:  # it is another call's, which was for a token
            return None
        elapsed = self._clock.monotonic() - self._begun
        wait = self._policy.wait_after(
            error, attempt=self.number, idempotent=self.operation.idempotent, elapsed=elapsed
        )
        error.attempts = self.number
        if wait is None or wait > self.deadline.left():
            return None
        if not self._policy.wait:
            error.retry_after = wait
            return None
        return wait

    def progress(self) -> None:
        """Attempts and time count afresh: something came."""
        self.number = 1
        self._begun = self._clock.monotonic()

    def queue(self, steps: EffectGen[R]) -> EffectGen[R]:
        """The same steps, which take a slot, told of while they wait.

        Raises:
            RateLimitError: they would have to wait, and the policy is not to.
        """
        begun, notice = self._clock.monotonic(), _FIRST_NOTICE

        def look(effect: Effect[Any]) -> EffectGen[Any]:
            nonlocal notice
            if isinstance(effect, WaitForFuture) and not effect.future.done():
                if not self._policy.wait:
                    try:
                        return (yield WaitForFuture(effect.future, _MOMENT))
                    except TimeoutError:
                        raise self._refused() from None
                seconds = self._clock.monotonic() - begun
                if seconds >= notice:
                    notice = 2 * seconds
                    self._tell_of_queue(seconds)
            return (yield effect)

        return changed(steps, look)

    def _tell_of_queue(self, seconds: float) -> None:
        what = f"{self.operation.method} {self.url}"
        _limits.info("%s has been waiting for %.0f s for other calls to its endpoint to end", what, seconds)
        tell(self._hooks.on_queue, lambda: QueueEvent(**facts_of(self), seconds=seconds))

    def _refused(self) -> RateLimitError:
        message = (
            f"{self.operation.method} {self.url} was not sent: as many calls to its endpoint as the service allows are "
            "under way, and RetryPolicy(wait=False) is not to wait for them"
        )
        details: dict[str, Any] = {"status": _STATUS, "body": "", "request_id": None}
        return RateLimitError(message, method=self.operation.method, url=self.url, **details)
