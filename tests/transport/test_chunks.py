"""The chunked framing, taken off by hand."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.transport.http.chunks import ChunkedError, unchunked
from tests.support.answers import END, chunk
from tests.support.properties import PROPERTY

BODY = chunk(b'[{"a": 1}') + chunk(b"\r\n0\r\n\r\n") + b"00A;name=value\r\n" + b"x" * 10 + b"\r\n" + chunk(b"]")
CONTENT = b'[{"a": 1}\r\n0\r\n\r\n' + b"x" * 10 + b"]"
TRAILERS = b"0;last\r\nChecksum: 5\r\nOther: 6\r\n\r\n"


def content_of(pieces: Iterable[bytes]) -> bytes:
    wire = iter(pieces)
    return b"".join(unchunked(lambda: next(wire, b"")))


@pytest.mark.parametrize("end", [END, TRAILERS, b"000\r\n\r\n"])
def test_cut_at_every_byte(end: bytes) -> None:
    whole = BODY + end
    for place in range(1, len(whole)):
        assert content_of([whole[:place], whole[place:]]) == CONTENT
    assert content_of(bytes([byte]) for byte in whole) == CONTENT


@pytest.mark.parametrize("end", [END, TRAILERS])
def test_ended_at_every_byte(end: bytes) -> None:
    whole = BODY + end
    for length in range(len(whole)):
        with pytest.raises(ChunkedError, match="closed before the body's end"):
            content_of([whole[:length]])


def test_nothing_is_read_beyond_the_end() -> None:
    wire = iter([BODY, END])
    assert b"".join(unchunked(lambda: next(wire))) == CONTENT


def test_content_is_handed_over_as_it_comes() -> None:
    wire = iter([b"6\r\nabc", b"def\r\n"])
    pieces = unchunked(lambda: next(wire))
    assert next(pieces) == b"abc"
    assert next(pieces) == b"def"


@pytest.mark.parametrize(
    "size", [b"", b"x", b"-5", b"+5", b"0x5", b"1_0", b" 5", b"5 5", b"\xb2", b"5,", b"'5'", b"--", b";5"]
)
def test_sizes_that_are_none(size: bytes) -> None:
    with pytest.raises(ChunkedError, match="does not tell its size"):
        content_of([size + b"\r\n" + b"hello" * 10 + b"\r\n" + END])


def test_a_chunk_longer_than_it_says_behind_a_whole_one() -> None:
    with pytest.raises(ChunkedError, match="longer than it says"):
        content_of([chunk(b"hello") + b"3\r\nhello\r\n" + END])


def test_a_chunk_longer_than_it_says() -> None:
    with pytest.raises(ChunkedError, match="longer than it says"):
        content_of([b"3\r\nhello\r\n" + END])


def test_a_line_without_end() -> None:
    with pytest.raises(ChunkedError, match="does not end"):
        content_of([b"1" * 1000] * 10)


FRAMING_LIKE = st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"0", b"3", b"abc"]), min_size=1).map(b"".join)
"""Content that could be taken for framing."""


@settings(PROPERTY, max_examples=300)
@given(
    st.lists(FRAMING_LIKE | st.binary(min_size=1, max_size=40)),
    st.lists(st.integers(1, 30) | st.integers(30, 300), min_size=1),
)
def test_any_content_in_any_chunks_in_any_pieces(contents: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(map(chunk, contents)) + END
    pieces: list[bytes] = []
    while whole:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(whole[:size])
        whole = whole[size:]
    assert content_of(pieces) == b"".join(contents)


@settings(PROPERTY, max_examples=300)
@given(st.binary(max_size=60))
def test_any_bytes_end_in_content_or_the_one_error(wire: bytes) -> None:
    with suppress(ChunkedError):
        content_of([wire])


def test_trailers_end() -> None:
    endless = b"0\r\n" + b"X-Drop: x\r\n" * 10_000
    pieces = iter([endless[at : at + 1000] for at in range(0, len(endless), 1000)])
    with pytest.raises(ChunkedError, match="the trailers do not end"):
        list(unchunked(lambda: next(pieces)))
