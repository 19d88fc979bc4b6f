"""OpenTelemetry spans and metrics, by its semantic conventions for HTTP clients.

Nothing is recorded or imported unless the program has imported `opentelemetry.trace`, as programs that set up tracing
do. Trace headers are not sent: the service is operated by a third party, which has no use for them.
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
_BOUNDARIES_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Histogram boundaries in seconds, from the conventions."""


def start_span(operation: Operation[Any]) -> CallSpan | None:
    """Return a new span for a call; None if the program does not use OpenTelemetry."""
    return CallSpan(operation) if "opentelemetry.trace" in sys.modules else None


class CallSpan:
    """Span of a call with all its attempts and waits; of a download, with all its requests."""

    def __init__(self, operation: Operation[Any]) -> None:
        self._operation = operation
        self._span = _tracer().start_span(f"restream.{operation.name}")

    def start_attempt(self, request: Request, resent: int) -> AttemptSpan:
        """Return a child span for a request."""
        return AttemptSpan(self._span, self._operation, request, resent)

    def count_retry(self, error: BaseException) -> None:
        """Count a retry."""
        _instruments().retries.add(1, {"restream.operation": self._operation.name, "error.type": _error_type(error)})

    def end(self, error: BaseException | None) -> None:
        """End the span."""
        if error is not None:
            _set_error(self._span, error)
        self._span.end()


class AttemptSpan:
    """Span of one request, from sending it until its response was read."""

    def __init__(self, parent: Span, operation: Operation[Any], request: Request, resent: int) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context

        url = urlsplit(request.url)
        self._attributes: dict[str, Any] = {
            "http.request.method": request.method,
            "server.address": url.hostname or "",
            "server.port": url.port or (443 if url.scheme == "https" else 80),
            "url.template": operation.endpoint,
        }
        self._span = _tracer().start_span(
            f"{request.method} {operation.endpoint}",
            context=set_span_in_context(parent),
            kind=SpanKind.CLIENT,
            attributes={
                **self._attributes,
                "url.full": request.url,
                **({"http.request.resend_count": resent} if resent else {}),
            },
        )

    def record_response(self, status: int, seconds: float) -> None:
        """Record that status and headers arrived."""
        self._attributes["http.response.status_code"] = status
        self._span.set_attribute("http.response.status_code", status)
        self._measure(seconds, {"error.type": str(status)} if status >= 400 else {})  # noqa: PLR2004 - errors of HTTP

    def end(self, error: BaseException | None, seconds: float, received: int) -> None:
        """End the span."""
        if error is not None:
            _set_error(self._span, error)
            if "http.response.status_code" not in self._attributes:
                self._measure(seconds, {"error.type": _error_type(error)})
        if received:
            _instruments().received.add(received, self._attributes)
        self._span.end()

    def _measure(self, seconds: float, more: dict[str, Any]) -> None:
        _instruments().duration.record(seconds, {**self._attributes, **more})


class _Instruments:
    def __init__(self) -> None:
        from opentelemetry.metrics import get_meter

        meter = get_meter(_NAME, VERSION)
        duration = partial(
            meter.create_histogram,
            "http.client.request.duration",
            unit="s",
            description="Time from sending a request until its response began.",
        )
        try:
            self.duration: Histogram = duration(explicit_bucket_boundaries_advisory=_BOUNDARIES_SECONDS)
        except TypeError:  # older releases do not have the argument
            self.duration = duration()
        self.retries: Counter = meter.create_counter(
            "restream.client.retries", unit="{attempt}", description="Attempts after the first, and downloads resumed."
        )
        self.received: Counter = meter.create_counter(
            "restream.client.received", unit="By", description="Bytes of response bodies, decompressed."
        )


@cache
def _instruments() -> _Instruments:
    return _Instruments()


def _tracer() -> Tracer:
    from opentelemetry.trace import get_tracer

    return get_tracer(_NAME, VERSION)


def _set_error(span: Span, error: BaseException) -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", _error_type(error))


def _error_type(error: BaseException) -> str:
    return str(error.status) if isinstance(error, APIStatusError) else type(error).__qualname__
