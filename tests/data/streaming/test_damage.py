"""Bodies that are not what they should be: found out at once, and told where."""

from __future__ import annotations

import functools
import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.streaming.damage import DEEPEST
from datastore_sdk.data.streaming.json_scanner import records_in
from datastore_sdk.data.streaming.json_splitter import WINDOW, CorruptJsonError, JsonArraySplitter, TruncatedJsonError
from tests.data.json_literals import BODIES, Record
from tests.data.streaming.json_oracle import Kind, judged
from tests.data.streaming.splitter_helpers import DECODERS, Decode, cut, in_pieces
from tests.support.hypothesis_settings import PROPERTY

forms = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)

AT_ONCE = 1.0
"""Seconds that a body of a megabyte or less may take; half of it is slack for a busy machine."""


def outcome(decode: Decode, pieces: list[bytes]) -> tuple[int, Kind, int]:
    """How many records come of a body, what is wrong with it then, and at which byte."""
    cutter, count = JsonArraySplitter(decode), 0
    try:
        for batch in itertools.chain.from_iterable([*map(cutter.feed, pieces), cutter.finish()]):
            count += len(batch)
    except CorruptJsonError as error:
        return count, Kind.WRONG, error.position
    except TruncatedJsonError:
        return count, Kind.TOO_SHORT, sum(map(len, pieces))
    return count, Kind.WHOLE, sum(map(len, pieces))


@functools.cache
def expected(body: bytes) -> tuple[int, Kind, int]:
    """The same by the slow judge; every record that is whole before the wrong byte is to come."""
    kind, place = judged(body)
    return sum(1 for _ in records_in(body[:place])), kind, place


@forms
@settings(PROPERTY, max_examples=5)
@given(body=BODIES, byte=st.sampled_from(b'\x00"{}[],:\\ 0e.-\x0c\xff\xc3n'), size=st.sampled_from([9, 1000]))
def test_a_wrong_byte_is_told_wherever_it_is(
    decode: Decode, body: tuple[list[Record], bytes], byte: int, size: int
) -> None:
    _, content = body
    for place in range(len(content)):
        damaged = content[:place] + bytes([byte]) + content[place + 1 :]
        assert outcome(decode, in_pieces(damaged, size)) == expected(damaged)


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
def test_whatever_is_wrong_is_told(
    decode: Decode, body: tuple[list[Record], bytes], bits: bytes, at: float, lost: int, cut: bool
) -> None:
    """However the body was damaged and wherever it was cut."""
    _, content = body
    place = int(at * len(content))
    damaged = content[:place] + bits + (b"" if cut else content[place + lost :])
    for size in (1, 2, 3, 7, 1000):
        assert outcome(decode, in_pieces(damaged, size)) == expected(damaged)


TOLD = [
    (b'{"detail": "Not found."}', 0, "expected an array of records, found '{'"),
    (b"<html>", 0, "expected an array of records, found '<'"),
    (b"null", 0, "expected an array of records, found 'n'"),
    (b'"records"', 0, "expected an array of records, found '\"'"),
    (b"\xef\xbb\xbf[]", 0, "expected an array of records, found the byte 0xef (of a byte order mark, most likely)"),
    (b"\xff\xfe[\x00", 0, "expected an array of records, found the byte 0xff"),
    (b"\x0c[]", 0, "expected an array of records, found the byte 0x0c"),
    (b'  {"a": 1}', 2, "expected an array of records, found '{'"),
    (b'[{"a": 1} {"a": 2}]', 10, "expected ',' or ']', found '{'"),
    (b'[{"a": 1}}]', 9, "expected ',' or ']', found '}'"),
    (b'[{"a": 1},, {"a": 2}]', 10, "expected a record, found ','"),
    (b'[{"a": 1},]', 10, "expected a record, found ']'"),
    (b"[oops", 1, "expected a record, found 'o'"),
    (b'[{"a": 1}, 7]', 11, "an item of the array is not a record"),
    (b'[{"a": 01}]', 8, "expected ',' or '}', found '1'"),
    (b'[{"a": 1.}]', 9, "expected a digit, found '}'"),
    (b'[{"a": -}]', 8, "expected a digit, found '}'"),
    (b'[{"a": "\x01"}]', 8, "expected no control character in a string, found the byte 0x01"),
    (b'[{"a": "\xff"}]', 8, "the byte 0xff cannot stand here in UTF-8"),
    (b'[{"a": "\xc3"}]', 9, "'\"' cannot stand here in UTF-8"),
    (b'[{"a": "\xed\xa0\x80"}]', 9, "the byte 0xa0 cannot stand here in UTF-8"),
    (b"[{'a': 1}]", 2, 'expected a name in double quotes, found "\'"'),
    (b'[{"a" 1}]', 6, "expected ':', found '1'"),
    (b'[{"a":}]', 6, "expected a value, found '}'"),
    (b'[{"a": 1}, {"b": tru}]', 20, "expected true, found '}'"),
    (b'[{"a": 1, }]', 10, "expected a name in double quotes, found '}'"),
    (b'[{"a": "\\q"}]', 9, "expected an escape of JSON, found 'q'"),
    (b'[{"a": "\\u12x4"}]', 12, "expected an escape of JSON, found 'x'"),
    (b'[{"a": NaN}]', 7, "NaN is not JSON"),
    (b'[{"a": Infinity}]', 7, "Infinity is not JSON"),
    (b'[{"a": -Infinity}]', 8, "-Infinity is not JSON"),
    (b'[{"a": 1}] x', 11, "expected nothing behind the end of the array, found 'x'"),
    (b'[{"a": 1}]\n]', 11, "expected nothing behind the end of the array, found ']'"),
    (b"[] []", 3, "expected nothing behind the end of the array, found '['"),
    ('[{"a": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "b": tru}]'.encode(), 31, "expected true, found '}'"),
]


@forms
def test_the_place_is_told(decode: Decode) -> None:
    for (body, position, reason), size in itertools.product(TOLD, (1, 1000)):
        with pytest.raises(CorruptJsonError) as caught:
            cut(decode, in_pieces(body, size))
        assert (body, caught.value.position) == (body, position)
        assert caught.value.reason.startswith(reason), body


@forms
def test_what_is_no_value(decode: Decode) -> None:
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
def test_items_that_are_no_records(decode: Decode) -> None:
    for body in NO_RECORDS:
        with pytest.raises(CorruptJsonError, match="not a record"):
            cut(decode, [body])


TAILS = [b"]", b" x", b'{"a": 1}', b"[]", b', {"a": 1}]', b"\x00", b" \x0b", b"\n\xef\xbb\xbf"]


@forms
def test_more_after_the_end(decode: Decode) -> None:
    """What is too much is not called too little: a body that broke off is asked for again, a damaged one is not."""
    for head, tail, size in itertools.product((b"[]", b'[{"a": 1}]'), TAILS, (1, 1000)):
        place = len(head) + len(tail) - len(tail.lstrip(b" \n"))
        assert outcome(decode, in_pieces(head + tail, size)) == (len(head) // 10, Kind.WRONG, place), tail


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
def test_nesting_without_reason(decode: Decode, opening: bytes, closing: bytes, depth: int) -> None:
    body = b'[{"a":' + opening * depth + b"1" + closing * depth + b"}]"
    start = time.perf_counter()
    found = outcome(decode, in_pieces(body, 1 << 16))
    assert time.perf_counter() - start < AT_ONCE
    assert found == (0, Kind.WRONG, 6 + len(opening) * (DEEPEST - 2))


@pytest.mark.parametrize("opening", [b'[{"a":"', b'[{"a":1},{"a":[', b"", b'[{"a":1}'], ids=str)
def test_a_record_without_end(opening: bytes) -> None:
    """Bodies may be compressed, so that little is sent of it."""
    start = time.perf_counter()
    with pytest.raises(CorruptJsonError, match="longer than 64 MB"):
        cut(DECODERS["dicts"], itertools.chain([opening], itertools.repeat(b" " * 1_000_000)))
    assert time.perf_counter() - start < 2 * AT_ONCE


BODY = b"[" + b",\n".join(b'{"timestamp":%d,"slurry_rate":80.25,"valve":"O"}' % i for i in range(5_000)) + b"]"
PLACES = {"early": 60, "in the middle": len(BODY) // 2, "late": len(BODY) - 60}
WRONG = {"a quote": b'"', "a brace": b"{", "a bracket": b"]", "a control": b"\x01", "no UTF-8": b"\xff", "a nine": b"9"}


@forms
def test_damage_is_found_at_once(decode: Decode) -> None:
    """Each wrong byte in one of the places; the slow judge takes longer than all else here."""
    for wrong, place in zip(WRONG, itertools.cycle(PLACES)):
        damaged = BODY[: PLACES[place]] + WRONG[wrong] + BODY[PLACES[place] + 1 :]
        start = time.perf_counter()
        found = outcome(decode, in_pieces(damaged, 1 << 14))
        assert time.perf_counter() - start < AT_ONCE, (wrong, place)
        assert found == expected(damaged), (wrong, place)


@forms
def test_a_megabyte_of_braces_in_a_string(decode: Decode) -> None:
    fillings = zip((b"}", b"{", b"]", b"},{", b'\\"}', b"\\\\"), itertools.cycle((1000, 1 << 16)))
    for filling, size in fillings:
        body = b'[{"a":1},{"b":"' + filling * (1_000_000 // len(filling)) + b'"},{"c":1}]'
        start = time.perf_counter()
        assert len(cut(decode, in_pieces(body, size))) == 3
        with pytest.raises(TruncatedJsonError):
            cut(decode, in_pieces(body[:-12], size))
        assert time.perf_counter() - start < 2 * AT_ONCE, filling


@forms
def test_many_records_that_end_in_braces(decode: Decode) -> None:
    """The last brace at hand is seldom the end of a record."""
    chance = random.Random(7)
    rows = [b'{"a":%d,"b":{"c":{"d":"%b"}}}' % (i, b"}" * chance.randrange(12)) for i in range(10_000)]
    start = time.perf_counter()
    assert len(cut(decode, in_pieces(b"[" + b",".join(rows) + b"]", 1 << 16))) == 10_000
    assert time.perf_counter() - start < AT_ONCE


@forms
def test_records_full_of_braces_are_handed_over_as_they_come(decode: Decode) -> None:
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
            assert fed - cutter.good < 3 * WINDOW
        assert count + sum(map(len, cutter.finish())) == len(rows)
