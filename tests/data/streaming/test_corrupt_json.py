"""Corrupt and truncated bodies: distinguished, noticed at once, with the offset of the last whole record."""

from __future__ import annotations

import functools
import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.streaming.json_spans import find_records
from datastore_sdk.data.streaming.json_splitter import (
    MAX_RECORD_BYTES,
    WINDOW_BYTES,
    CorruptJsonError,
    JsonArraySplitter,
    TruncatedJsonError,
)
from tests.data.json_literals import BODIES, Record
from tests.data.streaming.json_oracle import Kind, classify
from tests.data.streaming.splitter_helpers import DECODERS, Decode, cut, in_pieces
from tests.support.hypothesis_settings import PROPERTY

forms = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)


class WorkMeter:
    """Decoder that counts the bytes it decodes: a search that is not linear decodes many times the body.

    Args:
        decode: The decoder.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self.decoded_bytes = 0

    def __call__(self, text: bytes) -> list[Any]:
        self.decoded_bytes += len(text)
        return self._decode(text)


def outcome(decode: Decode, pieces: list[bytes]) -> tuple[int, Kind, int | None]:
    """Return the number of records of a body, its defect, and the offset that the error names."""
    splitter, count = JsonArraySplitter(decode), 0
    try:
        for batch in itertools.chain.from_iterable([*map(splitter.feed, pieces), splitter.finish()]):
            count += len(batch)
    except CorruptJsonError as error:
        return count, Kind.WRONG, error.offset
    except TruncatedJsonError:
        return count, Kind.TOO_SHORT, None
    return count, Kind.WHOLE, None


@functools.cache
def classify_expected(body: bytes) -> tuple[int, Kind, int | None]:
    """Return the same as decided byte by byte: every record that is whole before the wrong byte counts."""
    kind, place = classify(body)
    spans = [*find_records(body[:place])]
    end = spans[-1][1] if spans else 0
    return len(spans), kind, end if kind is Kind.WRONG else None


@forms
@settings(PROPERTY, max_examples=5)
@given(body=BODIES, byte=st.sampled_from(b'\x00"{}[],:\\ 0e.-\x0c\xff\xc3n'), size=st.sampled_from([9, 1000]))
def test_one_wrong_byte_anywhere_is_noticed(
    decode: Decode, body: tuple[list[Record], bytes], byte: int, size: int
) -> None:
    _, content = body
    for place in range(len(content)):
        corrupt = content[:place] + bytes([byte]) + content[place + 1 :]
        assert outcome(decode, in_pieces(corrupt, size)) == classify_expected(corrupt)


PIECES = [
    b"\xed\xa0\x80",
    b"\xc3\xa9",
    b"\xe2\x82",
    b"NaN",
    b"-Infinity",
    b"\\u12",
    b"1.e",
    b"1e+",
    b"-0.",
    b"tru",
    b"[[1,",
]
BITS = st.sampled_from(PIECES + [bytes([byte]) for byte in b'"{}[],:\\ \n0-n'])


@forms
@settings(PROPERTY)
@given(
    body=BODIES,
    bits=st.lists(BITS, max_size=3).map(b"".join),
    at=st.floats(0, 1),
    lost=st.integers(0, 5),
    cut=st.booleans(),
)
def test_corrupt_and_truncated_bodies_are_distinguished(
    decode: Decode, body: tuple[list[Record], bytes], bits: bytes, at: float, lost: int, cut: bool
) -> None:
    """A truncated body is requested again; a corrupt one is not."""
    _, content = body
    place = int(at * len(content))
    corrupt = content[:place] + bits + (b"" if cut else content[place + lost :])
    for size in (1, 2, 3, 7, 1000):
        assert outcome(decode, in_pieces(corrupt, size)) == classify_expected(corrupt)


REASONS = [
    (b'{"detail": "Not found."}', 0, "expected a JSON array of records"),
    (b"<html>", 0, "expected a JSON array of records"),
    (b"null", 0, "expected a JSON array of records"),
    (b"\xef\xbb\xbf[]", 0, "expected a JSON array of records"),
    (b'[{"a": 1} {"a": 2}]', 9, "JSON is malformed"),
    (b'[{"a": 1}}]', 9, "JSON is malformed"),
    (b'[{"a": 1},, {"a": 2}]', 9, "JSON is malformed"),
    (b'[{"a": 1},]', 9, "expected a JSON array of records"),
    (b"[oops", 0, "expected a JSON array of records"),
    (b'[{"a": 01}]', 0, "JSON is malformed: invalid number"),
    (b'[{"a": "\x01"}]', 0, "JSON is malformed: invalid character"),
    (b'[{"a": "\xff"}]', 0, "it is not UTF-8: invalid start byte"),
    (b'[{"a": 1}, {"b": tru}]', 9, "JSON is malformed: invalid character"),
    (b'[{"a": "\\q"}]', 0, "JSON is malformed: invalid escaped character"),
    (b'[{"a": NaN}]', 0, "NaN is not JSON"),
    (b'[{"a": Infinity}]', 0, "Infinity is not JSON"),
    (b'[{"a": 1}] x', 9, "expected a JSON array of records"),
    (b"[] []", 0, "expected a JSON array of records"),
]


@forms
def test_corruption_names_reason_and_last_whole_record(decode: Decode) -> None:
    for (body, offset, reason), size in itertools.product(REASONS, (1, 1000)):
        with pytest.raises(CorruptJsonError) as caught:
            cut(decode, in_pieces(body, size))
        assert (body, caught.value.offset) == (body, offset)
        if size > 1:
            assert caught.value.reason.startswith(reason), (body, caught.value.reason)


@forms
def test_corrupt_escapes_do_not_hide_earlier_records(decode: Decode) -> None:
    """A parser may report an escape that is too short as a truncated text."""
    for escape in (b"\\u", b"\\u1", b"\\ud8", b"\\ud83d\\u", b"\\ud83d\\ud", b"\\udc0", b"\\q"):
        for tail in (b"", b"]", b', {"c": 3}]', b', {"c": 3'):
            body = b'[{"a": 1}, {"a": 2}, {"b": "' + escape + b'"}' + tail
            for size in (*range(1, 13), 1000):
                assert outcome(decode, in_pieces(body, size)) == classify_expected(body), (size, body)


@forms
def test_values_that_are_not_json(decode: Decode) -> None:
    for value in (b"nan", b"inf", b"undefined", b"None", b"True", b"0x10", b"1_0", b"+1", b".5", b"5.", b"'5'"):
        with pytest.raises(CorruptJsonError):
            cut(decode, [b'[{"a": 1},', b'{"b": %b}]' % value])


NO_RECORDS = [
    b"[1, 2]",
    b"[null]",
    b'[{"a": 1}, 2]',
    b'[{"a": 1}, null, {"a": 2}]',
    b'[[{"a": 1}]]',
    b'["a"]',
    b"[[]]",
    b'[{"a":{"b":1}},2,{"c":3}]',
    b'[{"a":"{"},2]',
    b'[2,{"a":"{"}]',
    b'[{"a":[1,{"b":1}]},2]',
    b'[{"a":\n{"b":1}},2]',
    b'[{"a":"}{"},[],{"c":3}]',
]


@forms
def test_items_that_are_not_records(decode: Decode) -> None:
    for body in NO_RECORDS:
        with pytest.raises(CorruptJsonError, match="record"):
            cut(decode, [body])


TAILS = [b"]", b" x", b'{"a": 1}', b"[]", b', {"a": 1}]', b"\x00", b" \x0b", b"\n\xef\xbb\xbf"]


@forms
def test_bytes_after_the_end_are_corruption(decode: Decode) -> None:
    for head, tail, size in itertools.product((b"[]", b'[{"a": 1}]'), TAILS, (1, 1000)):
        end = 9 if len(head) > 2 else 0
        assert outcome(decode, in_pieces(head + tail, size)) == (len(head) // 10, Kind.WRONG, end), tail


@forms
@pytest.mark.parametrize("white_space", [b" ", b"\n", b"\r\n\t  "])
def test_white_space_around_the_array(decode: Decode, white_space: bytes) -> None:
    for size in (1, 1000):
        assert len(cut(decode, in_pieces(white_space + b'[{"a": 1}]' + white_space, size))) == 1
        assert cut(decode, in_pieces(white_space + b"[" + white_space + b"]" + white_space, size)) == []


@forms
@pytest.mark.parametrize(
    ("opening", "closing", "depth"), [(b'{"a":', b"}", 100_000), (b"[", b"]", 100_000)], ids=["objects", "arrays"]
)
def test_deep_nesting_is_corruption(decode: Decode, opening: bytes, closing: bytes, depth: int) -> None:
    body = b'[{"a":' + opening * depth + b"1" + closing * depth + b"}]"
    meter = WorkMeter(decode)
    assert outcome(meter, in_pieces(body, 1 << 16)) == (0, Kind.WRONG, 0)
    assert meter.decoded_bytes < 3 * len(body)


@pytest.mark.parametrize("opening", [b'[{"a":"', b'[{"a":1},{"a":[', b"", b'[{"a":1}'], ids=str)
def test_an_endless_record_is_corruption(opening: bytes) -> None:
    """Bodies may be compressed, so that little is sent of it."""
    meter = WorkMeter(DECODERS["dicts"])
    with pytest.raises(CorruptJsonError, match="longer than 64 MB"):
        cut(meter, itertools.chain([opening], itertools.repeat(b" " * 1_000_000)))
    assert meter.decoded_bytes < 3 * MAX_RECORD_BYTES


BODY = b"[" + b",\n".join(b'{"timestamp":%d,"slurry_rate":80.25,"valve":"O"}' % i for i in range(5_000)) + b"]"
PLACES = {"early": 60, "in the middle": len(BODY) // 2, "late": len(BODY) - 60}
WRONG = {"a quote": b'"', "a brace": b"{", "a bracket": b"]", "a control": b"\x01", "no UTF-8": b"\xff", "a nine": b"9"}


@forms
def test_corruption_is_noticed_at_once(decode: Decode) -> None:
    """Each wrong byte in one of the places; judging byte by byte takes most of the time."""
    for wrong, place in zip(WRONG, itertools.cycle(PLACES)):
        corrupt = BODY[: PLACES[place]] + WRONG[wrong] + BODY[PLACES[place] + 1 :]
        meter = WorkMeter(decode)
        assert outcome(meter, in_pieces(corrupt, 1 << 14)) == classify_expected(corrupt), (wrong, place)
        assert meter.decoded_bytes < 3 * len(corrupt), (wrong, place)


@forms
def test_a_megabyte_of_braces_in_a_string(decode: Decode) -> None:
    fillings = zip((b"}", b"{", b"]", b"},{", b'\\"}', b"\\\\"), itertools.cycle((1000, 1 << 16)))
    for filling, size in fillings:
        body = b'[{"a":1},{"b":"' + filling * (1_000_000 // len(filling)) + b'"},{"c":1}]'
        meter = WorkMeter(decode)
        assert len(cut(meter, in_pieces(body, size))) == 3
        with pytest.raises(TruncatedJsonError):
            cut(meter, in_pieces(body[:-12], size))
        assert meter.decoded_bytes < 2 * 3 * len(body), filling


@forms
def test_many_records_that_end_in_braces(decode: Decode) -> None:
    """The last brace at hand is seldom the end of a record."""
    chance = random.Random(7)
    rows = [b'{"a":%d,"b":{"c":{"d":"%b"}}}' % (i, b"}" * chance.randrange(12)) for i in range(10_000)]
    body = b"[" + b",".join(rows) + b"]"
    meter = WorkMeter(decode)
    assert len(cut(meter, in_pieces(body, 1 << 16))) == 10_000
    assert meter.decoded_bytes < 3 * len(body)


@forms
def test_records_full_of_braces_do_not_pile_up(decode: Decode) -> None:
    """However seldom a brace ends a record, memory is bounded by a window and a record."""
    for filling in (b"}", b"},", b"},{", b'\\"},{\\"', b"\\\\},"):
        rows = [
            b'{"a":%d,"b":"%b","c":{"d":[{}]}}' % (number, filling * (60_000 // len(filling))) for number in range(40)
        ]
        body = b"[" + b",\n ".join(rows) + b"]"
        cutter, count, fed = JsonArraySplitter(decode), 0, 0
        for piece in in_pieces(body, 1 << 14):
            count += sum(map(len, cutter.feed(piece)))
            fed += len(piece)
            assert fed - cutter.consumed < 3 * WINDOW_BYTES
        assert count + sum(map(len, cutter.finish())) == len(rows)
