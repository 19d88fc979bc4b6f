"""Hostile responses raise an error with a reason, in bounded memory, without a crash."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataQuery
from datastore_sdk.exceptions import (
    APIConnectionError,
    APIStatusError,
    BadRequestError,
    BodyError,
    ResponseValidationError,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import get_pad, list_pad_stage_aggregations, list_pads
from restream_api.types import Json, Operation
from tests.support.exhaustive import first
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import chunk, head, http_response, respond_always, respond_by_path, send_then
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981)
MEGABYTE = 1 << 20
UNTOUCHED: Json[Any] = Json(Any)


def deep(depth: int) -> dict[str, bytes]:
    """Nested brackets, and braces, that close again or not."""
    return {
        "arrays": b"[" * depth + b"]" * depth,
        "open arrays": b"[" * depth,
        "objects": b'{"a":' * depth + b"1" + b"}" * depth,
        "open objects": b'{"a":' * depth,
    }


DEPTHS = {f"{name} {depth}": body for depth in (150, 980, 3000, 100_000) for name, body in deep(depth).items()}
OPERATIONS: dict[str, Operation[Any]] = {
    "a list": list_pads(),
    "an object": get_pad(7),
    "open values": list_pad_stage_aggregations(7, histories=[1]),
    "untouched": get_pad(7).with_parse(UNTOUCHED),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("body", DEPTHS.values(), ids=DEPTHS)
def test_nested_responses(body: bytes, operation: Operation[Any], serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(respond_always(http_response(200, body))))
    with suppress(ResponseValidationError):  # moderate nesting is valid in fields of any type
        client.request(operation)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("body", DEPTHS.values(), ids=DEPTHS)
def test_nested_extra_values(body: bytes, inside: bool, serve: Serve, client_of: ClientOf) -> None:
    """In a key that the contract does not know, where anything may stand."""
    shell = b'{"id": 7, "name": "", "lease_name": "", "customer_name": "", "simops_config": %b, "extra": %b}'
    simops, extra = (body, b"1") if inside else (b"null", body)
    client = client_of(serve(respond_always(http_response(200, shell % (simops, extra)))))
    try:
        pad = client.request(get_pad(7))
    except ResponseValidationError:
        return
    json.dumps(pad.model_dump(mode="json"))


@pytest.mark.parametrize("status", first(1, [503, 429, 400]))
@pytest.mark.parametrize("body", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("shell", [b"%b", b'{"detail": %b}', b'{"start": [%b]}'])
def test_nested_errors(shell: bytes, body: bytes, status: int, serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(respond_always(http_response(status, shell % body))), retries=RetryPolicy(max_attempts=1))
    with pytest.raises(APIStatusError) as caught:
        client.request(list_pads())
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize("body", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("shell", [b"%b", b"[%b]", b'[{"timestamp": 1, "site_id": 981, "a": %b}]'])
def test_nested_records(shell: bytes, body: bytes, serve: Serve, client_of: ClientOf, form: Form) -> None:
    client = client_of(serve(respond_always(http_response(200, shell % body))))
    records: list[dict[str, Any]] = []
    try:
        form.records(client, [SITE], records)
    except BodyError:
        return
    assert len(records) <= 1


@pytest.mark.parametrize("suffix", ["json", "csv", "ndjson", "parquet"])
@pytest.mark.parametrize("body", DEPTHS.values(), ids=DEPTHS)
def test_nested_records_in_files(body: bytes, suffix: str, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    records = http_response(200, b'[{"timestamp": 1, "site_id": 981, "a": %b}]' % body)
    client = client_of(serve(respond_by_path({"/data/": records, "/fields/": http_response(200, b"[]")})))
    with suppress(BodyError):
        Data(client, [SITE]).save(tmp_path / f"nested.{suffix}")
        return
    assert [*tmp_path.iterdir()] == []


def test_an_error_message_forges_no_line_of_a_log(serve: Serve, client_of: ClientOf) -> None:
    said = "No.\r\n2026-01-01 ERROR datastore_sdk: all is lost\x1b[2J\u2028"
    with pytest.raises(BadRequestError) as caught:
        client_of(serve(respond_always(http_response(400, {"detail": said})))).request(list_pads())
    assert str(caught.value).isprintable()
    assert "all is lost" in caught.value.body


def peak(client: Client, form: Form, operation: Operation[Any]) -> int:
    """Return the peak memory of a call whose response is refused."""
    tracemalloc.start()
    try:
        with pytest.raises(ResponseValidationError):
            form.run(client, operation)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def endless(first: bytes, more: bytes, *, compressed: bool) -> Any:
    """Return a handler that sends a body without an end; the client has to disconnect."""

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        packer = zlib.compressobj(9, wbits=31)
        encoding = {"content_encoding": "gzip"} if compressed else {}
        line.send(head(transfer_encoding="chunked", **encoding))
        piece = first
        while True:
            sent = packer.compress(piece) if compressed else piece
            line.send(chunk(sent))
            piece = more

    return handle


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "bomb"])
def test_response_without_an_end(compressed: bool, serve: Serve, client_of: ClientOf, form: Form) -> None:
    client = client_of(serve(endless(b'["', b" " * MEGABYTE, compressed=compressed)), max_response_bytes=8 * MEGABYTE)
    assert peak(client, form, list_pads()) < 40 * MEGABYTE


def test_a_small_bomb_in_an_error(serve: Serve, client_of: ClientOf, form: Form) -> None:
    body = gzip.compress(b'{"detail": "' + b"x" * (64 * MEGABYTE))
    client = client_of(serve(respond_always(http_response(400, body, content_encoding="gzip"))))
    tracemalloc.start()
    try:
        with pytest.raises(BadRequestError):
            form.run(client, list_pads())
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_what_is_no_http_forges_none_either_and_shows_no_token(serve: Serve, client_of: ClientOf, form: Form) -> None:
    """A service that sends back what it was sent."""
    said = f"Bearer {TOKEN}\x1b[2J\r\n".encode()
    client = client_of(serve(send_then(said, ClientConnection.close)), retries=RetryPolicy(max_attempts=1))
    with pytest.raises(APIConnectionError) as caught:
        form.run(client, list_pads())
    assert str(caught.value).isprintable()
    assert TOKEN not in str(caught.value)
