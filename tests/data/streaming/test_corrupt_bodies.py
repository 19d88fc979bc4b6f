"""Corrupt bodies over real sockets: the same error for every use of the records, and never a file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from datastore_sdk.data import DataQuery
from datastore_sdk.exceptions import CorruptBodyError
from tests.data.fake_record_service import Record, datetime_at, records_of
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import build_chunked_response, http_response, respond_always, respond_by_path
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(1999))
RECORDS = records_of(2000)
BODY = json.dumps(RECORDS, separators=(",", ":")).encode()
PLACE = BODY.index(b"slurry_rate", 90_000)
BEFORE = BODY[:PLACE].count(b"timestamp") - 1
"""How many records are whole before."""

END = BODY.rindex(b"}", 0, PLACE) + 1
"""Where the last of them ends."""
CORRUPTIONS: dict[str, tuple[bytes, int, int]] = {
    "a control character": (BODY[:PLACE] + b"\x01" + BODY[PLACE + 1 :], END, BEFORE),
    "no UTF-8": (BODY[:PLACE] + b"\xc3" + BODY[PLACE + 1 :], END, BEFORE),
    "a lost quote": (BODY[: PLACE - 1] + b"x" + BODY[PLACE:], END, BEFORE),
    "not a number": (BODY[: PLACE + 13] + b"NaN" + BODY[PLACE + 16 :], END, BEFORE),
    "bytes after the end": (BODY + b"\n" + BODY, len(BODY) - 1, len(RECORDS)),
}
corruptions = pytest.mark.parametrize(("body", "end", "before"), CORRUPTIONS.values(), ids=CORRUPTIONS)


def in_chunks(body: bytes, size: int) -> bytes:
    return build_chunked_response(*(body[start : start + size] for start in range(0, len(body), size)))


RESPONSES: dict[str, Callable[[bytes], bytes]] = {
    "one chunk": build_chunked_response,
    "small chunks": lambda body: in_chunks(body, 999),
    "large chunks": lambda body: in_chunks(body, 70_000),
    "no chunks": lambda body: http_response(200, body),
    "packed": lambda body: build_chunked_response(gzip.compress(body), content_encoding="gzip"),
}


@corruptions
@pytest.mark.parametrize("framed", RESPONSES.values(), ids=RESPONSES)
def test_records(
    body: bytes,
    end: int,
    before: int,
    framed: Callable[[bytes], bytes],
    form: Form,
    serve: Serve,
    client_of: ClientOf,
) -> None:
    found: list[Record] = []
    with pytest.raises(CorruptBodyError, match=f"the body is corrupt: .*ends at byte {end}") as caught:
        form.records(client_of(serve(respond_always(framed(body)))), [SITE], found)
    assert caught.value.offset == end
    assert found == RECORDS[:before]


@corruptions
@pytest.mark.parametrize("suffix", [".json", ".csv", ".ndjson.gz", ".parquet", ".arrow"])
@pytest.mark.parametrize("resume", [False, True], ids=["plain", "resume"])
def test_files(
    body: bytes,
    end: int,
    before: int,
    suffix: str,
    resume: bool,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
) -> None:
    server = serve(respond_by_path({"/data/": in_chunks(body, 30_000), "/fields/": http_response(200, b"[]")}))
    path = tmp_path / f"records{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(CorruptBodyError, match=f"the body is corrupt: .*ends at byte {end}") as caught:
        form.save(client_of(server), [SITE], path, overwrite=True, resume=resume)
    assert caught.value.offset == end
    left = read_files(tmp_path)
    assert left.pop(path.name) == b"old"
    assert [*left] == [f"{path.name}.partial"] * (resume and before > 0)


def test_corrupt_compression_does_not_hide_earlier_corruption(form: Form, serve: Serve, client_of: ClientOf) -> None:
    corrupt, end, before = CORRUPTIONS["a control character"]
    for content, offset, count in ((BODY, len(BODY), len(RECORDS)), (corrupt, end, before)):
        packed = gzip.compress(content)[:-8] + b"\0" * 8
        for size in (100, 1 << 20):
            chunks = (packed[start : start + size] for start in range(0, len(packed), size))
            server = serve(respond_always(build_chunked_response(*chunks, content_encoding="gzip")))
            found: list[Record] = []
            with pytest.raises(CorruptBodyError, match=r"corrupt|damaged") as caught:
                form.records(client_of(server), [SITE], found)
            assert caught.value.offset == offset
            assert found == RECORDS[:count]
