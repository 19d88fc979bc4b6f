"""Bytes become records, wherever the pieces break and however the records are written."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.streaming.json_splitter import WINDOW_BYTES, JsonArraySplitter, TruncatedJsonError
from tests.data.json_literals import BODIES, MANY, STYLES, Record
from tests.data.streaming.splitter_helpers import DECODERS, Decode, cut, exact_of, in_pieces
from tests.support.exhaustive import examples
from tests.support.hypothesis_settings import PROPERTY

Body = tuple[list[Record], bytes]

forms = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)


def assert_exact(found: list[Any], records: list[Record]) -> None:
    """Assert that the records equal those that were written, each value to the last digit, their names in order."""
    if (
        found
        and isinstance(found[0], dict)
        and msgspec.Raw not in {type(value) for row in found for value in row.values()}
    ):
        assert [_with_types(row) for row in found] == [_with_types(record.value) for record in records]
    else:
        assert [_with_types(exact_of(row)) for row in found] == [_with_types(record.exact) for record in records]


def _to_comparable(record: Any) -> Any:
    return exact_of(record) if isinstance(record, msgspec.Raw) else record


def _with_types(value: Any) -> Any:
    """Return values with their types, so that 1, 1.0 and true differ, and 0.0 from -0.0."""
    if isinstance(value, dict):
        pairs: dict[str, Any] = {**value}
        return [(name, _with_types(item)) for name, item in pairs.items()]
    if isinstance(value, list):
        items: list[Any] = [*value]
        return [_with_types(item) for item in items]
    return type(value), repr(value)


@forms
@settings(PROPERTY)
@given(body=BODIES, size=st.integers(1, 40))
def test_records_are_exact_in_pieces_of_any_size(decode: Decode, body: Body, size: int) -> None:
    records, content = body
    assert_exact(cut(decode, in_pieces(content, size)), records)


@forms
@settings(PROPERTY, max_examples=examples(25))
@given(body=BODIES)
def test_it_makes_no_difference_where_the_pieces_break(decode: Decode, body: Body) -> None:
    _, content = body
    whole = [_to_comparable(record) for record in cut(decode, [content])]
    for place in range(1, len(content)):
        assert [_to_comparable(record) for record in cut(decode, [content[:place], content[place:]])] == whole


@forms
@settings(PROPERTY, max_examples=examples(50))
@given(body=BODIES)
def test_a_truncated_body_is_neither_whole_nor_damaged(decode: Decode, body: Body) -> None:
    _, content = body
    for length in range(len(content.rstrip())):
        with pytest.raises(TruncatedJsonError):
            cut(decode, in_pieces(content[:length], 50))


@forms
@settings(PROPERTY)
@given(body=BODIES, size=st.integers(1, 40), left=st.integers(0, 300))
def test_what_came_before_a_break_is_exact(decode: Decode, body: Body, size: int, left: int) -> None:
    records, content = body
    cutter, found = JsonArraySplitter(decode), list[Any]()
    for piece in in_pieces(content[:left], size):
        for batch in cutter.feed(piece):
            found += batch
    assert_exact(found, records[: len(found)])
    assert cutter.consumed <= left


@forms
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_records(decode: Decode, style: Callable[[list[Record]], bytes], count: int) -> None:
    records = [Record((('"a"', str(number)),)) for number in range(count)]
    for size in (1, 2, 3, 1000):
        assert_exact(cut(decode, in_pieces(style(records), size)), records)


@forms
@pytest.mark.parametrize("offset", range(-3, 4))
def test_records_across_the_edge_of_a_window(decode: Decode, offset: int) -> None:
    head = Record((('"a"', '"' + "x" * (WINDOW_BYTES - 9 + offset) + '"'),))
    records = [head, Record((('"b"', "1"),)), Record((('"c"', "2"),)), head]
    assert_exact(cut(decode, [STYLES["one line"](records)]), records)
    assert_exact(cut(decode, in_pieces(STYLES["one line"](records), WINDOW_BYTES)), records)


@forms
@pytest.mark.parametrize("size", [1000, 1 << 14, 1 << 20])
@settings(PROPERTY, max_examples=3)
@given(records=MANY)
def test_many_records(decode: Decode, size: int, records: list[Record]) -> None:
    chance = random.Random(size)
    records = chance.choices(records, k=1000)
    assert_exact(cut(decode, in_pieces(STYLES["a record a line"](records), size)), records)


@forms
def test_missing_numbers(decode: Decode) -> None:
    body = (
        b'[{"timestamp":1,"rate":"Infinity","note":"to \\"Infinity\\" and back","Infinity":2,'
        b'"deep":{"rate":"Infinity"},"list":["Infinity"],"other":"-Infinity"}]'
    )
    (record,) = cut(decode, [body])
    if decode is not DECODERS["dicts"]:
        record = msgspec.json.decode(msgspec.json.encode(record))
    assert record == {
        "timestamp": 1,
        "rate": None,
        "note": 'to "Infinity" and back',
        "Infinity": 2,
        "deep": {"rate": "Infinity"},
        "list": ["Infinity"],
        "other": "-Infinity",
    }
