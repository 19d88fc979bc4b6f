"""Tools that people use to test and to watch their programs see the SDK's calls, with nothing to set up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpx import HTTPXMock

from datastore_sdk import Client, Pad, Site
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import http_response, respond_in_turn

BASE_URL = "https://restream.example"
RECORDS: list[dict[str, Any]] = [{"timestamp": 1757376000, "site_id": 981, "slurry_rate": 90.5}]
PAD: dict[str, Any] = {"id": 668, "name": "Pad A", "lease_name": "A", "customer_name": "C", "wireline_enabled": True}
PADS = [{**PAD, "simops_config": None, "completion_date": None}]


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(TOKEN, base_url=BASE_URL) as client:
        yield client


def read(client: Client) -> None:
    """Make calls and read records, in both forms."""
    assert [pad.name for pad in Pad.get_models(client=client)] == ["Pad A"]
    assert [*Site(id=981, client=client).get_data()] == RECORDS
    assert [pad.name for pad in asyncio.run(Pad.aget_models(client=client))] == ["Pad A"]


@respx.mock
def test_respx_mocks_calls(client: Client) -> None:
    pads = respx.get(url__regex=".*/pads/").respond(json=PADS)
    respx.get(url__regex=".*/data/").respond(json=RECORDS)
    read(client)
    assert pads.call_count == 2
    calls: Any = pads.calls
    assert calls[0].request.headers["authorization"] == f"Bearer {TOKEN}"


def test_respx_mocks_a_client_in_use(serve: Serve, client_of: ClientOf) -> None:
    """Also one that has connections already; and when it is gone, calls go to the service again."""
    client = client_of(serve(respond_in_turn(http_response(200, []), http_response(200, []))))
    assert Pad.get_models(client=client) == []
    with respx.mock:
        respx.get(url__regex=".*/pads/").respond(json=PADS)
        assert len(Pad.get_models(client=client)) == 1
    assert Pad.get_models(client=client) == []


def test_pytest_httpx_mocks_calls(client: Client, httpx_mock: HTTPXMock) -> None:
    for content in (PADS, RECORDS, PADS):
        httpx_mock.add_response(json=content)
    read(client)
    assert len(httpx_mock.get_requests()) == 3


def test_vcrpy_records_and_replays(serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    vcr: Any = import_module("vcr")
    server = serve(respond_in_turn(http_response(200, PADS), http_response(200, RECORDS), http_response(200, PADS)))
    for _ in range(2):
        with vcr.use_cassette(str(tmp_path / "calls.yaml"), filter_headers=["authorization"]):
            read(client_of(server))
    assert len(server.received) == 3


def test_mock_transport_handles_calls() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=RECORDS if request.url.path.endswith("/data/") else PADS)

    with httpx.Client(transport=httpx.MockTransport(handle)) as mine:
        client = Client(TOKEN, base_url=BASE_URL, http=mine)
        read(client)


@pytest.mark.parametrize("form", ["sync", "async"])
def test_opentelemetry_traces_calls(form: str, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_in_turn(http_response(200, PADS)))
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        client = client_of(server)
        if form == "sync":
            Pad.get_models(client=client)
        else:
            asyncio.run(Pad.aget_models(client=client))
    finally:
        instrumentor.uninstrument()
        provider.shutdown()
    (span,) = exporter.get_finished_spans()
    assert span.attributes is not None
    assert str(span.attributes.get("http.url") or span.attributes.get("url.full")).endswith("/pads/")
    assert "traceparent" in server.received[0].headers
