"""Compressed bodies: whole, cut, damaged, and too good to be true."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator

import pytest

from datastore_sdk._io.effects import ReadChunk, Request, Response
from datastore_sdk.data import DataQuery
from datastore_sdk.exceptions import BodyError, CallError, CorruptBodyError, ResponseValidationError, TruncatedBodyError
from datastore_sdk.transport.executor.response_body import MAX_CHUNK_BYTES, ResponseBody
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import delete_pad_parameter, list_pads
from tests.support.exhaustive import first
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import (
    build_chunked_response,
    chunk,
    head,
    http_response,
    respond_always,
    respond_in_turn,
)
from tests.support.sync_async_clients import Form

CONTENT = b"".join(b'{"timestamp": %d, "slurry_rate": %d.25}\n' % (second, second % 97) for second in range(400))
PACKED = gzip.compress(CONTENT, mtime=0)


def content_of(pieces: Iterable[bytes], encoding: str = "gzip") -> bytes:
    """Return the content of a body that arrives in these pieces."""
    received = iter(pieces)
    body = body_of(encoding)
    content = b""
    while piece := next_piece(body, received):
        assert len(piece) <= MAX_CHUNK_BYTES
        content += piece
    assert body.received == len(content)
    assert next(received, None) is None, "some pieces were not read"
    return content


def body_of(encoding: str = "gzip") -> ResponseBody:
    request = Request("GET", "https://restream.test/", {})
    return ResponseBody(request, Response(200, {"content-encoding": encoding}, None, lambda: None))


def next_piece(body: ResponseBody, received: Iterator[bytes]) -> bytes:
    steps = body.read()
    sent: bytes | None = None
    while True:
        try:
            effect = steps.send(sent)
        except StopIteration as stop:
            piece: bytes = stop.value
            return piece
        assert isinstance(effect, ReadChunk)
        sent = next(received, b"")


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 100, 10**6])
def test_pieces_of_any_size(size: int) -> None:
    assert content_of(cut(PACKED, size)) == CONTENT
    assert content_of(cut(CONTENT, size), encoding="identity") == CONTENT


@pytest.mark.parametrize("level", [0, 1, 9])
def test_any_compression(level: int) -> None:
    noise = random.Random(7).randbytes(3 * MAX_CHUNK_BYTES + 5)
    assert content_of(cut(gzip.compress(noise, level), 1 << 16)) == noise


@pytest.mark.parametrize("length", [MAX_CHUNK_BYTES - 1, MAX_CHUNK_BYTES, MAX_CHUNK_BYTES + 1, 2 * MAX_CHUNK_BYTES])
def test_contents_about_as_long_as_a_piece(length: int) -> None:
    assert content_of([gzip.compress(b"x" * length)]) == b"x" * length


def test_nothing_compressed() -> None:
    assert content_of([gzip.compress(b"")]) == b""


def test_what_follows_the_compressed_body_is_read_and_left() -> None:
    assert content_of([PACKED + b"\0" * 10, b"\0" * 1000, b"\0"]) == CONTENT


def test_several_members() -> None:
    """RFC 1952: a gzip file may be several one after another; some servers compress each chunk by itself."""
    members = [gzip.compress(piece) for piece in cut(CONTENT, 1000)]
    assert content_of(members) == CONTENT
    assert content_of([b"".join(members)]) == CONTENT


def test_cut_at_every_byte() -> None:
    for length in range(len(PACKED)):
        with pytest.raises(TruncatedBodyError) as caught:
            content_of(cut(PACKED[:length], 64))
        assert 0 <= caught.value.offset <= len(CONTENT)


def test_damaged_at_every_byte() -> None:
    outcomes = [outcome(cut(with_a_wrong_byte(PACKED, place), 64)) for place in range(len(PACKED))]
    errors = [each for each in outcomes if isinstance(each, BodyError)]
    assert {type(each) for each in errors} <= {CorruptBodyError, TruncatedBodyError}
    assert all(0 <= error.offset <= 2 * len(CONTENT) for error in errors)
    contents = [each for each in outcomes if isinstance(each, bytes)]
    assert set(contents) == {CONTENT}
    assert len(contents) <= 8, "only the header has bytes that do not matter"


def with_a_wrong_byte(packed: bytes, place: int) -> bytes:
    return packed[:place] + bytes([packed[place] ^ 0x24]) + packed[place + 1 :]


def outcome(pieces: list[bytes]) -> bytes | BodyError:
    try:
        return content_of(pieces)
    except BodyError as error:
        return error


def test_content_before_the_damage_is_the_same_for_any_chunks() -> None:
    for place in range(0, len(PACKED), 29):
        damaged = with_a_wrong_byte(PACKED, place)
        for body in (damaged, damaged[: (place + len(PACKED)) // 2]):
            (content, offset), *others = [content_before(cut(body, size)) for size in (1, 7, 64, 500, 10**6)]
            assert others == [(content, offset)] * 4
            assert offset in (0, None)


def content_before(pieces: list[bytes]) -> tuple[bytes, int | None]:
    """Return the content of a body before its error, and the offset that the error reports."""
    body, received, content = body_of(), iter(pieces), b""
    try:
        while piece := next_piece(body, received):
            content += piece
    except BodyError as error:
        return content, error.offset - len(content)
    return content, None


def test_not_compressed_at_all() -> None:
    with pytest.raises(CorruptBodyError, match="corrupt after 0 bytes"):
        content_of([b"[]"])


def test_a_bomb_stays_small_in_memory() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"\0" * MAX_CHUNK_BYTES) for _ in range(64)) + packer.flush()
    assert len(bomb) < MAX_CHUNK_BYTES / 8
    body, received = body_of(), iter([bomb])
    tracemalloc.start()
    try:
        pieces = 0
        while next_piece(body, received):
            pieces += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert body.received == 64 * MAX_CHUNK_BYTES
    assert pieces >= 64
    assert peak < 4 * MAX_CHUNK_BYTES


def test_bomb_in_an_ordinary_response_is_refused(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(
        respond_always(
            http_response(200, gzip.compress(b"[" + b" " * (8 * MAX_CHUNK_BYTES) + b"]"), content_encoding="gzip")
        )
    )
    with pytest.raises(ResponseValidationError, match=f"the response is larger than {2 * MAX_CHUNK_BYTES} bytes"):
        form.run(client_of(server, max_response_bytes=2 * MAX_CHUNK_BYTES), list_pads())


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "identity"])
def test_over_the_wire(encoding: str, serve: Serve, client_of: ClientOf, form: Form) -> None:
    body = b"[" + b" " * 1000 + b"]"
    sent = gzip.compress(body) if "gzip" in encoding.lower() else body
    server = serve(respond_in_turn(build_chunked_response(*cut(sent, 5), content_encoding=encoding)))
    assert form.run(client_of(server), list_pads()) == []


@pytest.mark.parametrize(
    ("packed", "kind"), [(PACKED[:-1], TruncatedBodyError), (PACKED[:-8] + b"\0" * 8, CorruptBodyError)]
)
def test_broken_over_the_wire(
    packed: bytes, kind: type[CallError], serve: Serve, client_of: ClientOf, form: Form
) -> None:
    server = serve(respond_always(http_response(200, packed, content_encoding="gzip")))
    with pytest.raises(kind):
        form.run(client_of(server, retries=RetryPolicy(max_attempts=1)), list_pads())


def test_an_error_with_a_broken_body_is_still_that_error(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(404, PACKED[:-1], content_encoding="gzip")))
    with pytest.raises(CallError) as caught:
        client_of(server, retries=RetryPolicy(max_attempts=1)).request(list_pads())
    assert type(caught.value).__name__ == "NotFoundError"


def test_empty_response_to_a_deletion_may_claim_an_encoding(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_in_turn(b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n"))
    client_of(server).request(delete_pad_parameter(7, 3))


@pytest.mark.parametrize("nothing", first(1, [gzip.compress(b"") * 50, b"!" * 1000]), ids=len)
def test_nothing_without_an_end_behind_the_body(nothing: bytes, serve: Serve, client_of: ClientOf, form: Form) -> None:
    """A stream has no time in which all of it must have come."""

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        line.send(head(transfer_encoding="chunked", content_encoding="gzip") + chunk(gzip.compress(b"[]")))
        while True:
            line.send(chunk(nothing))

    client = client_of(serve(handle), retries=RetryPolicy(max_attempts=1))
    with pytest.raises(CorruptBodyError, match="has no content in"):
        form.records(client, [DataQuery(source="site", id=981)], [])
    with pytest.raises(CorruptBodyError, match="has no content in"):
        form.run(client, list_pads())
