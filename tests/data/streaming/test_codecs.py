"""Values at the edge of JSON, which parsers differ in: every one stays what it was."""

from __future__ import annotations

import json
import math
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.streaming.codecs import CELLS, TEXTS, RecordCodec
from datastore_sdk.data.streaming.json_decoder import decode_texts
from tests.data.json_literals import exactly
from tests.data.streaming.splitter_helpers import DECODERS, Decode, cut, exact_of, in_pieces
from tests.support.hypothesis_settings import PROPERTY

dicts, texts, cells = DECODERS.values()

text_forms = pytest.mark.parametrize("decode", [texts, cells], ids=["texts", "cells"])
forms = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)

LITERALS = {
    "trailing zeros": "1.10",
    "exponent": "1E5",
    "beyond a float": "1e400",
    "beyond 64 bits": "18446744073709551617",
    "many digits": "0.1234567890123456789012345678901234567890",
    "minus zero": "-0.0",
}
COMPANIONS = {
    "nothing": "1",
    "a missing number": '"Infinity"',
    "a lone surrogate": '"\\ud83d"',
}


def only(decode: Decode, body: bytes) -> Any:
    (record,) = cut(decode, [body])
    return record


@text_forms
@pytest.mark.parametrize("companion", COMPANIONS.values(), ids=COMPANIONS)
@pytest.mark.parametrize("literal", LITERALS.values(), ids=LITERALS)
def test_numbers_keep_their_text_beside_any_value(decode: Decode, literal: str, companion: str) -> None:
    record = only(decode, f'[{{"a":{literal},"b":{companion}}}]'.encode())
    assert exact_of(record)["a"] == literal


@pytest.mark.parametrize("value", [2**53 + 1, 2**64 - 1, -(2**63)])
def test_ints_of_64_bits_are_ints(value: int) -> None:
    record = only(dicts, b'[{"a":%d,"b":0.5}]' % value)
    assert record == {"a": value, "b": 0.5}
    assert type(record["a"]) is int


@pytest.mark.parametrize("value", [2**64 + 1, -(2**63) - 1])
def test_longer_ones_are_whole_in_files_alone(value: int) -> None:
    body = b'[{"a":%d,"b":0.5}]' % value
    assert exact_of(only(texts, body))["a"] == exact_of(only(cells, body))["a"] == str(value)
    assert only(dicts, body) == {"a": float(value), "b": 0.5}


@pytest.mark.parametrize("companion", COMPANIONS.values(), ids=COMPANIONS)
@pytest.mark.parametrize(
    "literal", [*map(str, [2**63, 2**64 - 1, 2**64, 10**300, -(2**63), -(2**63) - 1]), "9" * 400, "1e400", "-1e400"]
)
def test_numbers_are_the_same_beside_any_value(literal: str, companion: str) -> None:
    value = only(dicts, f'[{{"a":{literal},"b":{companion}}}]'.encode())["a"]
    whole = int(literal) if literal.lstrip("-").isdigit() else 2**64
    expected = whole if -(2**63) <= whole < 2**64 else float(literal)
    assert (type(value), value) == (type(expected), expected)


def test_an_int_too_long_for_python_is_no_reason_to_fail() -> None:
    digits = b"9" * 5000
    assert exact_of(only(texts, b'[{"a":%b}]' % digits))["a"] == digits.decode()
    assert exact_of(only(cells, b'[{"a":%b}]' % digits))["a"] == digits.decode()
    assert only(dicts, b'[{"a":%b}]' % digits) == {"a": math.inf}


@pytest.mark.parametrize("text", ["5e-324", "-0.0", "1.7976931348623157e+308", "0.1", "2.2250738585072014e-308"])
def test_floats_are_exact_to_the_bit(text: str) -> None:
    assert repr(only(dicts, f'[{{"a":{text}}}]'.encode())["a"]) == text


@forms
@pytest.mark.parametrize(
    "body",
    [
        '[{"a":"\\ud83d"}]',
        '[{"\\ud83d":1}]',
        '[{"\\ud83d":"Infinity"}]',
        '[{"\\ud83d":"\\ude00","b":"Infinity"}]',
        '[{"a":{"\\udc00":["\\udc00"]},"b":"Infinity"}]',
    ],
)
def test_lone_surrogates(decode: Decode, body: str) -> None:
    record = only(decode, body.encode())
    expected = json.loads(body.replace('"Infinity"', "null"), parse_int=str)[0]
    assert (
        exact_of(record) if decode is not dicts else {k: str(v) if v == 1 else v for k, v in record.items()}
    ) == expected


def test_halves_of_a_character_are_put_together() -> None:
    assert only(dicts, b'[{"a":"\\ud83d\\udee2"}]') == {"a": "\U0001f6e2"}


@forms
def test_a_missing_number_is_one_beside_any_value(decode: Decode) -> None:
    """One record must not read otherwise because of its neighbours."""
    escaped = b'{"a":"\\u0049nfinity"}'
    alone = cut(decode, [b"[" + escaped + b"]"])
    beside = cut(decode, [b"[" + escaped + b',{"b":"Infinity"}]'])
    if decode is not dicts:
        alone, beside = [exact_of(row) for row in alone], [exact_of(row) for row in beside]
    assert alone[0] == beside[0]


@forms
@pytest.mark.parametrize("word", ["Infinity", "\\u0049nfinity", "Inf\\u0069nity"])
def test_a_missing_number_is_found_behind_many_of_its_bytes(decode: Decode, word: str) -> None:
    for noise, count in product(["I", "\\\\", "Inf", "\\u0049"], [0, 1, 23, 24, 25, 1000]):
        record = only(decode, f'[{{"a":"{noise * count}","b":"{word}"}}]'.encode())
        assert (record if decode is dicts else exact_of(record))["b"] in (None, "null"), (noise, count)


@pytest.mark.parametrize(
    "record",
    [
        '{"a": NESTED, "b": "Infinity"}',
        '{"a": NESTED, "b": "Infinity", "a": 5}',
        '{"a": NESTED, "b": {"x": null}, "c": "Infinity"}',
        '{"a": NESTED, "b": NESTED, "c": "{"}',
        '{"a": [NESTED, "Infinity", {"y": NESTED}], "b": "Infinity", "{": 1}',
        '{"a": {"x":\n"Infinity"}, "b" : "\\u0049nfinity", "c": ["Infinity"]}',
        '{"a": "{\\"x\\": \\"Infinity\\"}", "b": {"x": "\\": \\"Infinity\\""}, "c": "Infinity"}',
    ],
)
def test_nested_words_stay_in_texts(record: str) -> None:
    """Only values of the record itself are replaced, also beside the same nested ones or a name that is there twice."""
    record = record.replace("NESTED", '{"x": "Infinity"}')
    records = ['{"b": "Infinity"}', record, '{"a": {"y": 1}}']
    text = decode_texts(f"[{', '.join(records)}]".encode())[1]
    own = re.compile(r'("[bc]" ?: )"(?:I|\\u0049)nfinity"')
    assert bytes(text).decode() == own.sub(r"\1null", record)


@forms
def test_a_name_that_comes_twice(decode: Decode) -> None:
    record = only(decode, b'[{"a":1,"b":2,"a":3}]')
    found = record if decode is dicts else exact_of(record)
    assert {name: int(value) for name, value in found.items()} == {"a": 3, "b": 2}


@text_forms
@settings(PROPERTY)
@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?\Z"), st.booleans())
def test_any_number_keeps_its_text(decode: Decode, literal: str, missing: bool) -> None:
    body = f'[{{"a":{literal},"b":{json.dumps("Infinity") if missing else 0}}}]'
    assert exact_of(only(decode, body.encode()))["a"] == literal == exactly(literal)


@pytest.mark.parametrize("form", [TEXTS, CELLS], ids=["texts", "cells"])
@pytest.mark.parametrize("odd", ["1e400", '"\\ud83d"', str(10**30), "9" * 5000, "[" * 500 + "]" * 500 + ',"b":1e400'])
def test_odd_values_do_not_hide_where_a_record_stands(form: RecordCodec[Any], odd: str) -> None:
    (record,) = form.decode(f'[{{"timestamp":7,"site_id":1,"a":{odd}}}]'.encode())
    assert form.position(record) == (7, 1)
    (record,) = form.decode(f'[{{"timestamp":{odd},"site_id":1}}]'.encode())
    assert form.position(record) is None


ODD = {
    '"Infinity"': "null",
    '"\\u0049nfinity"': "null",
    '"-Infinity"': '"-Infinity"',
    '"\\u00e9"': '"\\u00e9"',
    '"\\ud83d"': '"\\ud83d"',
    "1e400": "1e400",
}


@pytest.mark.parametrize("odd", ODD)
def test_what_stands_beside_odd_values_keeps_its_text(odd: str) -> None:
    """Wherever the body is cut, so that a file is the same byte for byte however its records came."""
    row = '{ "a" :%s ,"é": {"b":["Infinity", {}], "c" : "}\\"{:,"} ,"\\ud83d":5.0,"d":\n%s}'
    rows = ["{}", '{"é":"é"}', row % (odd, odd), '{"é" : 1}', '{"list":[1,2,"Infinity"]}'] * 3
    body = f"[{', '.join(rows)}]".encode()
    expected = [text.replace(row % (odd, odd), row % (ODD[odd], ODD[odd])).encode() for text in rows]
    for size in (7, 50, 1000):
        assert [bytes(record) for record in cut(texts, in_pieces(body, size))] == expected
