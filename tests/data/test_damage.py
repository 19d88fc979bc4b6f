"""Bodies that are not what they should be: found out at once, and told where."""

from __future__ import annotations

import itertools
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.cutter import WINDOW, Cutter, Truncated
from datastore_sdk.data.decoding import Undecodable
from tests.data.cutting import DECODERS, Decode, cut, in_pieces
from tests.data.literals import BODIES, Record
from tests.support.properties import PROPERTY

forms = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)

AT_ONCE = 1.0
"""Seconds that a megabyte may take; half of it is slack for a busy machine."""


def strictly(body: bytes) -> Any:
    """What the standard library makes of a body; ValueError where it is not JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(body, parse_constant=refuse)


def outcome(decode: Decode, pieces: list[bytes]) -> list[Any] | Undecodable | Truncated:
    """The records of a body, or what is wrong with it."""
    try:
        return cut(decode, pieces)
    except (Undecodable, Truncated) as error:
        return error


def are_records(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    items: list[Any] = [*value]
    return all(isinstance(item, dict) for item in items)


@forms
@settings(PROPERTY, max_examples=20)
@given(body=BODIES, byte=st.sampled_from(b'\x00"{}[],:\\ 0e.-\xff\xc3n'), size=st.sampled_from([9, 1000]))
def test_a_wrong_byte_is_noticed_or_gives_other_json(
    decode: Decode, body: tuple[list[Record], bytes], byte: int, size: int
) -> None:
    _, content = body
    for place in range(len(content)):
        damaged = content[:place] + bytes([byte]) + content[place + 1 :]
        match outcome(decode, in_pieces(damaged, size)):
            case Undecodable() as error:
                assert 0 <= error.position <= len(content)
                assert error.reason
            case list() as found:
                expected = strictly(damaged)
                assert are_records(expected)
                assert len(found) == len(expected)
            case Truncated():
                pass


@forms
@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b'{"detail": "Not found."}', 0),
        (b"<html>", 0),
        (b"null", 0),
        (b'"records"', 0),
        (b"\xef\xbb\xbf[]", 0),
        (b'  {"a": 1}', 2),
        (b'[{"a": 1} {"a": 2}]', 10),
        (b'[{"a": 1}}]', 9),
        (b'[{"a": 1},, {"a": 2}]', 10),
        (b'[{"a": 01}]', 8),
        (b'[{"a": "\x01"}]', 8),
        (b'[{"a": "\xff"}]', 8),
        (b"[{'a': 1}]", 2),
        (b'[{"a": 1}, {"b": tru}]', 17),
        (b'[{"a": 1, }]', 10),
        (b'[{"a": "\\q"}]', 8),
        ('[{"a": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "b": tru}]'.encode(), 28),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_the_place_is_told(decode: Decode, body: bytes, position: int, size: int) -> None:
    with pytest.raises(Undecodable) as caught:
        cut(decode, in_pieces(body, size))
    assert abs(caught.value.position - position) <= 2


@forms
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_named(decode: Decode, value: str) -> None:
    with pytest.raises(Undecodable, match=f"{value} is not JSON"):
        cut(decode, [b'[{"a": 1},', b'{"b": %b}]' % value.encode()])


@forms
@pytest.mark.parametrize("value", ["nan", "inf", "undefined", "None", "True", "0x10", "1_0", "+1", ".5", "5.", "'5'"])
def test_what_is_no_value(decode: Decode, value: str) -> None:
    with pytest.raises(Undecodable):
        cut(decode, [b'[{"a": 1},', b'{"b": %b}]' % value.encode()])


@forms
@pytest.mark.parametrize(
    "body",
    [
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
    ],
)
def test_items_that_are_no_records(decode: Decode, body: bytes) -> None:
    with pytest.raises(Undecodable, match="not a record"):
        cut(decode, [body])


@forms
@pytest.mark.parametrize("body", [b'[{"a": 1},]', b'[{"a": 1},\n{"a": 2},\n]', b"[,]", b'[,{"a": 1}]'])
@pytest.mark.parametrize("size", [1, 1000])
def test_a_comma_too_many(decode: Decode, body: bytes, size: int) -> None:
    with pytest.raises((Undecodable, Truncated)):
        cut(decode, in_pieces(body, size))


@forms
@pytest.mark.parametrize("tail", [b"]", b" x", b'{"a": 1}', b"[]", b', {"a": 1}]', b"\x00"])
@pytest.mark.parametrize("head", [b"[]", b'[{"a": 1}]'])
@pytest.mark.parametrize("size", [1, 1000])
def test_more_after_the_end(decode: Decode, head: bytes, tail: bytes, size: int) -> None:
    with pytest.raises((Undecodable, Truncated)):
        cut(decode, in_pieces(head + tail, size))


@pytest.mark.parametrize("body", [b"[] x", b'[{"a": 1}] x', b'[{"a": 1},]'])
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_too_much_is_not_called_too_little(body: bytes, size: int) -> None:
    """A body that broke off is asked for again, one that is damaged is not."""
    with pytest.raises(Undecodable):
        cut(DECODERS["dicts"], in_pieces(body, size))


@forms
@pytest.mark.parametrize("white_space", [b" ", b"\n", b"\r\n\t  "])
def test_white_space_around_the_array(decode: Decode, white_space: bytes) -> None:
    for size in (1, 1000):
        assert len(cut(decode, in_pieces(white_space + b'[{"a": 1}]' + white_space, size))) == 1
        assert cut(decode, in_pieces(white_space + b"[" + white_space + b"]" + white_space, size)) == []


@forms
@pytest.mark.parametrize(
    ("opening", "closing", "depth"), [(b'{"a":', b"}", 100_000), (b"[", b"]", 2000)], ids=["objects", "arrays"]
)
def test_nesting_without_reason(decode: Decode, opening: bytes, closing: bytes, depth: int) -> None:
    body = b'[{"a":' + opening * depth + b"1" + closing * depth + b"}]"
    start = time.perf_counter()
    with pytest.raises(Undecodable):
        cut(decode, in_pieces(body, 1 << 16))
    assert time.perf_counter() - start < AT_ONCE


@pytest.mark.parametrize("opening", [b'[{"a":"', b'[{"a":1},{"a":[', b"", b'[{"a":1}'], ids=str)
def test_a_record_without_end(opening: bytes) -> None:
    """Bodies may be compressed, so that little is sent of it."""
    start = time.perf_counter()
    with pytest.raises(Undecodable, match="longer than 64 MB"):
        cut(DECODERS["dicts"], itertools.chain([opening], itertools.repeat(b" " * 1_000_000)))
    assert time.perf_counter() - start < 2 * AT_ONCE


MEGABYTE = b"[" + b",\n".join(b'{"timestamp":%d,"slurry_rate":80.25,"valve":"O"}' % i for i in range(20_000)) + b"]"
PLACES = {"early": 60, "in the middle": len(MEGABYTE) // 2, "late": len(MEGABYTE) - 60}
WRONG = {"a quote": b'"', "a brace": b"{", "a bracket": b"]", "a control": b"\x01", "no UTF-8": b"\xff", "a nine": b"9"}


@forms
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_damage_is_found_at_once(decode: Decode, place: int, wrong: bytes) -> None:
    damaged = MEGABYTE[:place] + wrong + MEGABYTE[place + 1 :]
    start = time.perf_counter()
    match outcome(decode, in_pieces(damaged, 1 << 14)):
        case Undecodable() as error:
            assert place - 100 <= error.position <= place + 100
        case found:
            assert isinstance(found, list)
            assert len(found) == len(strictly(damaged))
    assert time.perf_counter() - start < AT_ONCE


@forms
@pytest.mark.parametrize("filling", [b"}", b"{", b"]", b"},{", b'\\"}', b"\\\\"])
@pytest.mark.parametrize("size", [1000, 1 << 16])
def test_a_megabyte_of_braces_in_a_string(decode: Decode, filling: bytes, size: int) -> None:
    body = b'[{"a":1},{"b":"' + filling * (1_000_000 // len(filling)) + b'"},{"c":1}]'
    start = time.perf_counter()
    assert len(cut(decode, in_pieces(body, size))) == 3
    with pytest.raises(Truncated):
        cut(decode, in_pieces(body[:-12], size))
    assert time.perf_counter() - start < 2 * AT_ONCE


@forms
def test_many_records_that_end_in_braces(decode: Decode) -> None:
    """The last brace at hand is seldom the end of a record."""
    chance = random.Random(7)
    rows = [b'{"a":%d,"b":{"c":{"d":"%b"}}}' % (i, b"}" * chance.randrange(12)) for i in range(10_000)]
    start = time.perf_counter()
    assert len(cut(decode, in_pieces(b"[" + b",".join(rows) + b"]", 1 << 16))) == 10_000
    assert time.perf_counter() - start < AT_ONCE


@forms
@pytest.mark.parametrize("filling", [b"}", b"},", b"},{", b'\\"},{\\"', b"\\\\},"])
def test_records_full_of_braces_are_handed_over_as_they_come(decode: Decode, filling: bytes) -> None:
    """However seldom a brace ends a record, memory is bounded by a window and a record."""
    rows = [b'{"a":%d,"b":"%b","c":{"d":[{}]}}' % (number, filling * (60_000 // len(filling))) for number in range(100)]
    body = b"[" + b",\n ".join(rows) + b"]"
    cutter, count, fed = Cutter(decode), 0, 0
    for piece in in_pieces(body, 1 << 14):
        count += sum(map(len, cutter.feed(piece)))
        fed += len(piece)
        assert fed - cutter.good < 3 * WINDOW
    assert count + len(cutter.finish()) == len(rows)
