"""Spans and metrics, where the program traces; nothing at all where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from datastore_sdk.data import Data, DataQuery
from datastore_sdk.exceptions import APIConnectionError, NotFoundError
from datastore_sdk.instrumentation import otel as telemetry
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import get_pad, list_pads
from tests.support.fake_server import ClientConnection
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import END, chunk, head, http_response, respond_by_path, respond_in_turn, send_then
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981)
RECORD = b'{"timestamp": %d, "site_id": 981}'
PADS = "/external/thirdparty/v1/pads/"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """The spans that have ended."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield exporter
    provider.shutdown()


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """The measured values, in memory."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    telemetry._instruments.cache_clear()
    yield reader
    provider.shutdown()
    telemetry._instruments.cache_clear()


def read_metrics(reader: InMemoryMetricReader) -> dict[str, list[tuple[Any, dict[str, Any]]]]:
    """Return for each metric the counts of its points, with their attributes."""
    data = reader.get_metrics_data()
    assert data is not None
    found: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        for point in metric.data.data_points:
            count = point.count if isinstance(point, HistogramDataPoint) else 0
            value = point.value if isinstance(point, NumberDataPoint) else count
            found.setdefault(metric.name, []).append((value, dict(point.attributes or {})))
    return found


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_call_has_a_span_and_each_request_one_below_it(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    server = serve(respond_in_turn(http_response(503), http_response(200, b"[]")))
    form.run(client_of(server), list_pads(complete=True))
    first, second, call = spans.get_finished_spans()
    port = int(server.url.rpartition(":")[2])
    common = {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.full": f"{server.url}{PADS}?complete=true",
        "url.template": PADS,
    }
    assert facts(first) == {**common, "http.response.status_code": 503, "error.type": "503"}
    assert facts(second) == {**common, "http.response.status_code": 200, "http.request.resend_count": 1}
    assert (first.name, first.kind, first.status.status_code) == (f"GET {PADS}", SpanKind.CLIENT, StatusCode.ERROR)
    assert second.status.status_code == StatusCode.UNSET
    assert (call.name, call.kind, call.status.status_code) == (
        "restream.list_pads",
        SpanKind.INTERNAL,
        StatusCode.UNSET,
    )
    assert call.context is not None
    assert {first.parent and first.parent.span_id, second.parent and second.parent.span_id} == {call.context.span_id}
    found = read_metrics(reader)
    assert [
        (count, point["http.response.status_code"], point.get("error.type"))
        for count, point in found["http.client.request.duration"]
    ] == [(1, 503, "503"), (1, 200, None)]
    assert found["restream.client.retries"] == [(1, {"restream.operation": "list_pads", "error.type": "503"})]
    assert [count for count, _ in found["restream.client.received"]] == [2]


def test_a_call_belongs_to_the_span_of_the_program(
    spans: InMemorySpanExporter, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    client = client_of(serve(respond_in_turn(http_response(200, b"[]"))))
    with trace.get_tracer("program").start_as_current_span("report") as report:
        form.run(client, list_pads())
    call = next(span for span in spans.get_finished_spans() if span.name == "restream.list_pads")
    assert call.parent is not None
    assert call.parent.span_id == report.get_span_context().span_id


@pytest.mark.parametrize(
    ("reply", "error", "kind"),
    [
        (http_response(404), NotFoundError, "404"),
        (send_then(b"", ClientConnection.close), APIConnectionError, "APIConnectionError"),
    ],
)
def test_a_call_that_fails(
    reply: Any,
    error: type[Exception],
    kind: str,
    spans: InMemorySpanExporter,
    reader: InMemoryMetricReader,
    serve: Serve,
    client_of: ClientOf,
    form: Form,
) -> None:
    client = client_of(serve(respond_in_turn(reply)), retries=RetryPolicy(max_attempts=1))
    with pytest.raises(error):
        form.run(client, get_pad(7))
    attempt, call = spans.get_finished_spans()
    assert facts(attempt)["error.type"] == facts(call)["error.type"] == kind
    assert {attempt.status.status_code, call.status.status_code} == {StatusCode.ERROR}
    assert [point["error.type"] for _, point in read_metrics(reader)["http.client.request.duration"]] == [kind]


def test_a_download_has_a_span_over_its_whole_life(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    interrupted = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1)
    remaining = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1 + b"," + RECORD % 2 + b"]") + END
    check = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1 + b"]") + END
    records: list[dict[str, Any]] = []
    form.records(
        client_of(serve(respond_in_turn(send_then(interrupted, ClientConnection.close), remaining, check))),
        [SITE],
        records,
    )
    assert len(records) == 2
    broken, whole, _, download = spans.get_finished_spans()
    assert download.name == "restream.stream_site_data"
    assert facts(broken)["error.type"] == "APIConnectionError"
    assert (facts(whole)["http.request.resend_count"], whole.status.status_code) == (1, StatusCode.UNSET)
    assert download.start_time is not None
    assert whole.end_time is not None
    assert download.end_time is not None
    assert download.start_time <= whole.end_time <= download.end_time
    found = read_metrics(reader)
    assert sum(count for count, _ in found["restream.client.received"]) == 4 * len(RECORD % 1) + len(b"[[,][]")
    assert found["restream.client.retries"][0][1]["restream.operation"] == "stream_site_data"


def test_a_download_that_is_left_is_no_error(spans: InMemorySpanExporter, serve: Serve, client_of: ClientOf) -> None:
    client = client_of(
        serve(send_then(head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1), ClientConnection.stall))
    )
    with closing(Data(client, [SITE]).data_fetcher) as records:
        next(records)
        assert spans.get_finished_spans() == ()
    assert [span.status.status_code for span in spans.get_finished_spans()] == [StatusCode.UNSET] * 2


def test_parallel_parts_belong_to_the_span_of_the_program(
    spans: InMemorySpanExporter, serve: Serve, client_of: ClientOf
) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    query = DataQuery(source="site", id=981, start=start, end=start + timedelta(seconds=60_000), parallel=3)
    client = client_of(serve(lambda line, _: line.send(http_response(200, b"[]"))))
    with trace.get_tracer("program").start_as_current_span("report") as report:
        assert [*Data(client, [query])] == []
    downloads = [span for span in spans.get_finished_spans() if span.name == "restream.stream_site_data"]
    assert len(downloads) == 4
    assert {span.parent and span.parent.span_id for span in downloads} == {report.get_span_context().span_id}


def test_no_secret_and_no_trace_header(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, serve: Serve, client_of: ClientOf
) -> None:
    granted = http_response(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer", "scope": "read"})
    server = serve(respond_by_path({"/o/token/": granted, "/pads/": http_response(200, b"[]")}))
    client_of(server, None, client_id="crew", client_secret="s3cret-0123").request(list_pads())
    exported = "".join(span.to_json() for span in spans.get_finished_spans()) + str(read_metrics(reader))
    assert "create_token" in exported
    assert TOKEN not in exported
    assert "s3cret-0123" not in exported
    assert not {"traceparent", "tracestate", "baggage"} & {
        name for request in server.received for name in request.headers
    }


def test_an_older_release_that_takes_no_advice(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch, serve: Serve, client_of: ClientOf
) -> None:
    class Older:
        def __init__(self, meter: Meter) -> None:
            self._meter = meter
            self.create_counter = meter.create_counter

        def create_histogram(self, name: str, unit: str, description: str) -> Histogram:
            return self._meter.create_histogram(name, unit, description)

    newer = metrics.get_meter

    def get_meter(name: str, version: str) -> Older:
        return Older(newer(name, version))

    monkeypatch.setattr(metrics, "get_meter", get_meter)
    client_of(serve(respond_in_turn(http_response(200, b"[]")))).request(list_pads())
    assert [count for count, _ in read_metrics(reader)["http.client.request.duration"]] == [1]


PROGRAM = """
import sys
from datastore_sdk import Client
from restream_api.api.pads import list_pads
with Client("t0ken", base_url=sys.argv[1]) as client:
    client.request(list_pads())
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""


def test_without_tracing_nothing_of_it_is_imported(serve: Serve) -> None:
    server = serve(respond_in_turn(http_response(200, b"[]")))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", PROGRAM, server.url], env=environment, timeout=30, check=True)
