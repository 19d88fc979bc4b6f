"""Spans and metrics for OpenTelemetry, by its conventions for HTTP clients.

Nothing is done, and nothing imported, unless the program itself has imported `opentelemetry.trace`, as whoever sets up
tracing does. Trace headers are not sent: the service belongs to somebody else, who has no use for them.
"""

from __future__ import annotations

import sys
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from datastore_sdk._io.effects import Request
from datastore_sdk._version import VERSION
from datastore_sdk.exceptions import APIStatusError
from restream_api.types import Operation

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram
    from opentelemetry.trace import Span, Tracer

_NAME = "datastore_sdk"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""The boundaries that the conventions advise."""


def start_span(operation: Operation[Any]) -> CallSpan | None:
    """The span of a call, begun; None where nobody traces."""
    return CallSpan(operation) if "opentelemetry.trace" in sys.modules else None


class CallSpan:
    """The span of a call, with all its attempts and waits; of a download, over its whole life."""

    def __init__(self, operation: Operation[Any]) -> None:
        self._operation = operation
        self._span = _tracer().start_span(f"restream.{operation.name}")

    def start_attempt(self, request: Request, resent: int) -> AttemptSpan:
        """The span of a request, below this one."""
        return AttemptSpan(self._span, self._operation, request, resent)

    def count_retry(self, error: BaseException) -> None:
        """Counts an attempt after the first."""
        _instruments().retries.add(1, {"restream.operation": self._operation.name, "error.type": _kind(error)})

    def end(self, error: BaseException | None) -> None:
        """The call has come to its end."""
        if error is not None:
            _mark(self._span, error)
        self._span.end()


class AttemptSpan:
    """The span of one request, from its sending until its answer was read."""

    def __init__(self, parent: Span, operation: Operation[Any], request: Request, resent: int) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context

        place = urlsplit(request.url)
        self._facts: dict[str, Any] = {
            "http.request.method": request.method,
            "server.address": place.hostname or "",
            "server.port": place.port or (443 if place.scheme == "https" else 80),
            "url.template": operation.endpoint,
        }
        self._span = _tracer().start_span(
            f"{request.method} {operation.endpoint}",
            context=set_span_in_context(parent),
            kind=SpanKind.CLIENT,
            attributes={
                **self._facts,
                "url.full": request.url,
                **({"http.request.resend_count": resent} if resent else {}),
            },
        )

    def record_response(self, status: int, seconds: float) -> None:
        """Status and headers came."""
        self._facts["http.response.status_code"] = status
        self._span.set_attribute("http.response.status_code", status)
        self._measure(seconds, {"error.type": str(status)} if status >= 400 else {})  # noqa: PLR2004 - errors of HTTP

    def end(self, error: BaseException | None, seconds: float, received: int) -> None:
        """The answer was read, or there is none."""
        if error is not None:
            _mark(self._span, error)
            if "http.response.status_code" not in self._facts:
                self._measure(seconds, {"error.type": _kind(error)})
        if received:
            _instruments().received.add(received, self._facts)
        self._span.end()

    def _measure(self, seconds: float, more: dict[str, Any]) -> None:
        _instruments().duration.record(seconds, {**self._facts, **more})


class _Instruments:
    def __init__(self) -> None:
        from opentelemetry.metrics import get_meter

        meter = get_meter(_NAME, VERSION)
        duration = partial(
            meter.create_histogram,
            "http.client.request.duration",
            unit="s",
            description="Time from sending a request until its answer began.",
        )
        try:
            self.duration: Histogram = duration(explicit_bucket_boundaries_advisory=_SECONDS)
        except TypeError:  # an older release, which takes no advice
            self.duration = duration()
        self.retries: Counter = meter.create_counter(
            "restream.client.retries", unit="{attempt}", description="Attempts after the first, and downloads resumed."
        )
        self.received: Counter = meter.create_counter(
            "restream.client.received", unit="By", description="Bytes of answers, decompressed."
        )


@cache
def _instruments() -> _Instruments:
    return _Instruments()


def _tracer() -> Tracer:
    from opentelemetry.trace import get_tracer

    return get_tracer(_NAME, VERSION)


def _mark(span: Span, error: BaseException) -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", _kind(error))


def _kind(error: BaseException) -> str:
    return str(error.status) if isinstance(error, APIStatusError) else type(error).__qualname__
