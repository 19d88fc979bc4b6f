"""Responses: heads and framing, complete, split anywhere, and invalid."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import BuiltinMethodType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.transport.http import response_parser
from datastore_sdk.transport.http.response_parser import (
    IncompleteResponseError,
    MalformedResponseError,
    ResponseParser,
)
from tests.support.exhaustive import examples
from tests.support.http_responses import END, chunk, head, http_response
from tests.support.hypothesis_settings import PROPERTY
from tests.support.interruption import Interrupting

CHUNKED = head(transfer_encoding="chunked")
BODY = chunk(b'[{"a": 1}') + chunk(b"\r\n0\r\n\r\n") + b"00A;name=value\r\n" + b"x" * 10 + b"\r\n" + chunk(b"]")
CONTENT = b'[{"a": 1}\r\n0\r\n\r\n' + b"x" * 10 + b"]"
TRAILERS = b"0;last\r\nChecksum: 5\r\nOther: 6\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </pads/>\r\nX-Early: 1\r\n\r\n"
TOO_LARGE = 1 << 17


def parser_of(*pieces: bytes) -> ResponseParser:
    """Return a parser of a connection that sends these pieces, then ends."""
    return parser_over(iter(pieces))


def parser_over(pieces: Iterator[bytes]) -> ResponseParser:
    return ResponseParser(lambda: next(pieces, b""))


def content_of(parser: ResponseParser) -> bytes:
    parser.read_head()
    return b"".join(iter(parser.read_body, b""))


def headers_of(parser: ResponseParser) -> dict[bytes, bytes]:
    return dict(parser.headers)


def whole(*pieces: bytes) -> bytes:
    """Return the body of a response in these pieces."""
    return content_of(parser_of(*pieces))


@pytest.mark.parametrize("end", [END, TRAILERS, b"000\r\n\r\n"])
@pytest.mark.parametrize("beginning", [CHUNKED, EARLY + CHUNKED, EARLY * 2 + CHUNKED])
def test_cut_at_every_byte(beginning: bytes, end: bytes) -> None:
    sent = beginning + BODY + end
    for place in range(1, len(sent)):
        assert whole(sent[:place], sent[place:]) == CONTENT
    assert whole(*(bytes([byte]) for byte in sent)) == CONTENT


@pytest.mark.parametrize("end", [END, TRAILERS])
def test_ended_at_every_byte(end: bytes) -> None:
    sent = CHUNKED + BODY + end
    for length in range(len(sent)):
        with pytest.raises(IncompleteResponseError, match=r"closed before the (end of the body|head )"):
            whole(sent[:length])


def test_a_length_ended_at_every_byte() -> None:
    beginning = head(content_length=9)
    for length in range(9):
        with pytest.raises(IncompleteResponseError, match=f"closed {9 - length} bytes before the end of the body"):
            whole(beginning + b"x" * length)


def test_nothing_is_read_beyond_the_end() -> None:
    pieces = iter((CHUNKED, BODY, END))
    parser = parser_over(pieces)
    assert content_of(parser) == CONTENT
    assert (parser.read_body(), next(pieces, None)) == (b"", None)
    assert parser.reusable


def test_content_is_handed_over_as_it_comes() -> None:
    parser = parser_of(CHUNKED + b"6\r\nabc", b"def\r\n")
    parser.read_head()
    assert [parser.read_body(), parser.read_body()] == [b"abc", b"def"]


@pytest.mark.parametrize(
    "size", [b"", b"x", b"-5", b"+5", b"0x5", b"1_0", b" 5", b"5 5", b"\xb2", b"5,", b"'5'", b"--", b";5", b"f" * 17]
)
def test_sizes_that_are_none(size: bytes) -> None:
    parser = parser_of(CHUNKED + chunk(b"[") + size + b"\r\n" + b"hello" * 10 + b"\r\n" + END)
    parser.read_head()
    assert parser.read_body() == b"[", "the chunk before the error is not lost"
    for _ in range(2):
        with pytest.raises(MalformedResponseError, match=r"."):
            parser.read_body()
    assert not parser.reusable


@pytest.mark.parametrize("size", [b"5 ", b"5\t", b"05;a=b", b"5;a"])
def test_sizes_as_some_write_them(size: bytes) -> None:
    assert whole(CHUNKED + size.replace(b"\t", b"  ") + b"\r\nhello\r\n" + END) == b"hello"


@pytest.mark.parametrize("before", [b"", chunk(b"hello")])
def test_a_chunk_longer_than_it_says(before: bytes) -> None:
    with pytest.raises(MalformedResponseError, match=r"."):
        whole(CHUNKED + before + b"3\r\nhello\r\n" + END)


ENDLESS = {
    "beginning": b"HTTP/1.1 200 OK\r\n" + b"X-Drop: x\r\n" * TOO_LARGE,
    "size": CHUNKED + b"5;" + b"x" * TOO_LARGE,
    "trailers": CHUNKED + b"0\r\n" + b"X-Drop: x\r\n" * TOO_LARGE,
}


@pytest.mark.parametrize("sent", ENDLESS.values(), ids=ENDLESS)
def test_framing_without_end(sent: bytes) -> None:
    position = 0

    def pieces() -> Iterable[bytes]:
        nonlocal position
        for at in range(0, len(sent), 1000):
            position = at
            yield sent[at : at + 1000]

    with pytest.raises(MalformedResponseError, match="longer than 65536 bytes"):
        content_of(parser_over(iter(pieces())))
    assert position < TOO_LARGE


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"<html></html>\n\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 99 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    ],
)
def test_invalid_response_head(sent: bytes) -> None:
    with pytest.raises(MalformedResponseError, match=r"."):
        parser_of(sent).read_head()


def test_headers() -> None:
    parser = parser_of(
        EARLY + b"HTTP/1.1 404 Not There\r\nX-Crew: 7\r\nx-crew: 9\r\nX-Name: caf\xe9\x85 x \r\nX-None:\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    parser.read_head()
    assert (parser.status, parser.reason, parser.read_body()) == (404, b"Not There", b"")
    assert parser.headers == [
        (b"X-Crew", b"7"),
        (b"x-crew", b"9"),
        (b"X-Name", b"caf\xe9\x85 x"),
        (b"X-None", b""),
        (b"Content-Length", b"0"),
    ]


LENIENT = {
    "a length twice": (b"Content-Length: 2\r\nContent-Length: 2", b"[]"),
    "a length twice in a line": (b"Content-Length: 2, 2", b"[]"),
    "a length beside chunks": (b"Content-Length: 99\r\nTransfer-Encoding: chunked", chunk(b"[]") + END),
    "identity": (b"Transfer-Encoding: identity\r\nContent-Length: 2", b"[]"),
    "identity and chunks": (b"Transfer-Encoding: identity, chunked", chunk(b"[]") + END),
    "control characters": (b"Set-Cookie: a=\x01\x7f\x00\r\nContent-Length: 2", b"[]"),
    "a folded line": (b"X-Via: one\r\n two\r\n\tthree\r\nContent-Length: 2", b"[]"),
    "30 KB of headers": ((b"X-Long: " + b"x" * 1000 + b"\r\n") * 30 + b"Content-Length: 2", b"[]"),
    "a line of 30 KB": (b"X-Long: " + b"x" * 30_000 + b"\r\nContent-Length: 2", b"[]"),
    "a space before the colon": (b"Content-Length : 2", b"[]"),
}


@pytest.mark.parametrize(("headers", "body"), LENIENT.values(), ids=LENIENT)
@pytest.mark.parametrize("at_a_time", [17, 100_000])
def test_head_that_other_clients_read_is_read(headers: bytes, body: bytes, at_a_time: int) -> None:
    sent = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body
    parser = parser_of(*(sent[at : at + at_a_time] for at in range(0, len(sent), at_a_time)))
    assert content_of(parser) == b"[]"
    assert parser.reusable


def test_folded_header_is_joined() -> None:
    parser = parser_of(b"HTTP/1.1 200 OK\r\nX-Via: one\r\n two\r\n\tthree\r\nContent-Length: 0\r\n\r\n")
    parser.read_head()
    assert headers_of(parser) == {b"X-Via": b"one two three", b"Content-Length": b"0"}


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200\r\n", b"HTTP/1.1 200 OK\n", b"\r\n\r\nHTTP/1.1 200 OK\r\n"])
def test_heads_as_some_write_them(sent: bytes) -> None:
    parser = parser_of(sent + b"Content-Length: 2\r\n\r\n[]")
    parser.read_head()
    assert (parser.status, headers_of(parser), parser.read_body()) == (200, {b"Content-Length": b"2"}, b"[]")


REUSABLE = {
    "by length": (head(content_length=2) + b"[]", True),
    "without content": (head(content_length=0), True),
    "in chunks": (CHUNKED + chunk(b"[]") + END, True),
    "that can have no body": (head(204), True),
    "after hints": (EARLY + head(content_length=2) + b"[]", True),
    "until the connection is closed": (head() + b"[]", False),
    "said to be the last": (head(content_length=2, connection="close") + b"[]", False),
    "said to be the last, without body": (head(204, connection="close"), False),
    "of before connections were kept": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]", False),
    "of before, but kept": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n[]", True),
    "of another protocol": (b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nxyz", False),
    "of another, unnamed": (b"HTTP/1.1 101 Switching\r\n\r\nxyz", False),
    "followed by another": (http_response(200, b"[]") + http_response(200, b"[1]"), False),
    "in chunks, followed by another": (CHUNKED + chunk(b"[]") + END + http_response(200, b"[1]"), False),
    "followed by the beginning of another": (head(content_length=2) + b"[]HTTP/1.1 2", False),
    "followed by anything": (head(content_length=2) + b"[]anything", False),
    "the last, followed by anything": (head(content_length=2, connection="close") + b"[]anything", False),
}


@pytest.mark.parametrize(("sent", "reusable"), REUSABLE.values(), ids=REUSABLE)
@pytest.mark.parametrize("at_a_time", [1, 7, 10_000])
def test_whether_the_connection_can_be_used_again(sent: bytes, reusable: bool, at_a_time: int) -> None:
    parser = parser_of(*(sent[at : at + at_a_time] for at in range(0, len(sent), at_a_time)))
    assert content_of(parser) == (b"[]" if b"[]" in sent else b"")
    if at_a_time == 10_000 or reusable:  # otherwise the next call on it finds the extra bytes
        assert parser.reusable == reusable


def test_interrupted_anywhere() -> None:
    """Ctrl-C always gets through; it never becomes a malformed response."""
    rounds, interrupted = 0, True
    while interrupted:
        rounds += 1
        interrupting, came_through = Interrupting(response_parser, rounds), False
        try:
            with interrupting:
                assert whole(EARLY + CHUNKED + BODY, TRAILERS) == CONTENT
        except KeyboardInterrupt:
            came_through = True
        interrupted = interrupting.was_raised
        assert came_through == interrupted
    assert rounds > 50


def test_no_callback_is_written_in_python() -> None:
    """The parser would swallow an exception of a callback, perhaps Ctrl-C, while the program handles an error."""
    parser = parser_of(b"")
    called = [getattr(each, "func", each) for each in gc.get_referents(parser._parser) if callable(each)]
    assert len(called) >= 4
    assert {type(each) for each in called} == {BuiltinMethodType}


FRAMING_LIKE = st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"0", b"3", b"abc"]), min_size=1).map(b"".join)
"""Content that looks like framing."""


@settings(PROPERTY, max_examples=examples(300))
@given(
    st.lists(FRAMING_LIKE | st.binary(min_size=1, max_size=40)),
    st.lists(st.integers(1, 30) | st.integers(30, 300), min_size=1),
)
def test_any_content_in_any_chunks_in_any_pieces(contents: list[bytes], sizes: list[int]) -> None:
    left = CHUNKED + b"".join(map(chunk, contents)) + END
    pieces: list[bytes] = []
    while left:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(left[:size])
        left = left[size:]
    assert whole(*pieces) == b"".join(contents)


@settings(PROPERTY, max_examples=examples(300))
@given(st.sampled_from([b"", b"HTTP/1.1 ", CHUNKED, head(), EARLY]), st.binary(max_size=60))
def test_any_bytes_end_in_content_or_the_two_errors(beginning: bytes, sent: bytes) -> None:
    with suppress(MalformedResponseError, IncompleteResponseError):
        whole(beginning + sent)
