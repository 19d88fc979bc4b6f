"""Types of table columns: a type depends on the values of its column alone, and nothing is guessed."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.data.arrow import parser as reading
from datastore_sdk.data.arrow.column_builder import build_batch
from datastore_sdk.data.arrow.column_texts import RecordTexts
from datastore_sdk.data.arrow.parser import ArrowParser
from datastore_sdk.data.arrow.record_groups import find_long_records
from datastore_sdk.data.arrow.schema import ColumnTypes
from datastore_sdk.data.field_metadata import FieldMetadata
from tests.data.arrow.table_helpers import raw, rows, table_of
from tests.support.exhaustive import examples

INT: pa.DataType = pa.int64()
FLOAT: pa.DataType = pa.float64()
BOOL: pa.DataType = pa.bool_()
STRING: pa.DataType = pa.string()
NULL: pa.DataType = pa.null()

# The JSON texts of a column's values; its type; its values.
COLUMNS: dict[str, tuple[list[str], pa.DataType, list[Any]]] = {
    "ints": (["5", "-7", "0"], INT, [5, -7, 0]),
    "ints of 64 bits": (
        ["9223372036854775807", "-9223372036854775808"],
        INT,
        [9223372036854775807, -9223372036854775808],
    ),
    "ints that no float is": (["9007199254740993", "null"], INT, [9007199254740993, None]),
    "ints beyond 64 bits": (["9223372036854775808", "1"], STRING, ["9223372036854775808", "1"]),
    "ints beyond everything": (["1" * 5000], STRING, ["1" * 5000]),
    "floats": (["0.1", "-0.0", "5e-324", "1E5", "1.7976931348623157e308"], FLOAT,
               [0.1, -0.0, 5e-324, 1e5, 1.7976931348623157e308]),
    "large floats": (["9007199254740993.0", "3.4e38"], FLOAT, [9007199254740992.0, 3.4e38]),
    "floats beyond everything": (["1e400", "0.50"], STRING, ["1e400", "0.50"]),
    "ints and floats": (["1", "0.5", "9007199254740992"], FLOAT, [1.0, 0.5, 9007199254740992.0]),
    "ints that no float is, and floats": (["9007199254740993", "0.5"], STRING, ["9007199254740993", "0.5"]),
    "ints beyond 64 bits, and floats": (["9223372036854775809", "0.5"], STRING, ["9223372036854775809", "0.5"]),
    "booleans": (["true", "null", "false"], BOOL, [True, None, False]),
    "booleans and ints": (["true", "1"], STRING, ["true", "1"]),
    "valves": (['"O"', '"C"', "null"], STRING, ["O", "C", None]),
    "strings like numbers": (['"007"', '"1e5"', '"-1"'], STRING, ["007", "1e5", "-1"]),
    "strings like dates": (['"2025-09-09"', '"2025-09-09T07:00:00Z"'], STRING, ["2025-09-09", "2025-09-09T07:00:00Z"]),
    "strings like times": (['"07:00:00"'], STRING, ["07:00:00"]),
    "strings like booleans": (['"true"', '"null"', '"NaN"', '""'], STRING, ["true", "null", "NaN", ""]),
    "strings of all kinds": ([r'"\u00e9\ud83d\ude00\u0000\"\n"', '"{}, []"'], STRING, ['é😀\0"\n', "{}, []"]),
    "strings that are not UTF-8": ([r'"\ud800"', '"a"'], STRING, [r'"\ud800"', '"a"']),
    "valves and ints": (['"O"', "1", "0.10", "null", "true"], STRING, ['"O"', "1", "0.10", None, "true"]),
    "objects and arrays": (['{"a": [1]}', "[]", "{}"], STRING, ['{"a": [1]}', "[]", "{}"]),
    "missing numbers": (['"Infinity"', "5"], INT, [None, 5]),
    "nothing": (["null", '"Infinity"'], NULL, [None, None]),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "kind", "values"), COLUMNS.values(), ids=COLUMNS)
def test_a_column(texts: list[str], kind: pa.DataType, values: list[Any]) -> None:
    records = [f'{{"a":{text}}}'.encode() for text in texts]
    for table in (table_of(tuple(records)), table_of(tuple(records), tuple(records)).slice(len(records))):
        assert table.schema == pa.schema([("a", kind)])
        assert table.column("a").to_pylist() == values
        assert [math.copysign(1, value) for value in table.column("a").to_pylist() if isinstance(value, float)] == [
            math.copysign(1, value) for value in values if isinstance(value, float)
        ]


@pytest.mark.parametrize(("texts", "kind", "values"), COLUMNS.values(), ids=COLUMNS)
def test_a_column_whose_values_come_one_by_one(texts: list[str], kind: pa.DataType, values: list[Any]) -> None:
    table = table_of(*((f'{{"a":{text}}}'.encode(),) for text in texts))
    assert table.schema == pa.schema([("a", kind)])
    found = table.column("a").to_pylist()
    if kind != STRING:
        assert found == values
    else:  # JSON texts may be written in another way than the service's, with the same meaning
        assert [_meaning(value) for value in found] == [_meaning(value) for value in values]


def _meaning(text: str | None) -> Any:
    if text is None or len(text) > 4000:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_kinds_that_change_late() -> None:
    table = table_of((b'{"a":"x","b":1,"c":true}',), (b'{"b":0.5,"d":5}',), (b'{"a":2,"c":null}',))
    assert table.schema == pa.schema([("a", STRING), ("b", FLOAT), ("c", BOOL), ("d", INT)])
    assert table.to_pydict() == {
        "a": ['"x"', None, "2"],
        "b": [1.0, 0.5, None],
        "c": [True, None, None],
        "d": [None, 5, None],
    }


def test_strings_like_dates_that_stop_being_strings() -> None:
    table = table_of((b'{"a":"2025-09-09"}', b'{"a":null}'), (b'{"b":1}',), (b'{"a":"x"}',), (b'{"a":5}',))
    assert table.column("a").to_pylist() == ['"2025-09-09"', None, None, '"x"', "5"]


def test_strings_like_dates_are_known_after_the_first_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, texts = ColumnTypes(), raw(b'{"a":"2025-09-09"}', b'{"a":"2025-09-10T00:00:00Z","b":1}')
    reader = ArrowParser(columns.find_new)
    first = reader.parse(texts)
    columns.add(first)
    monkeypatch.setattr(reading, "RecordTexts", None)  # the careful way, which is slow
    assert reader.parse(texts).equals(first)


def test_ints_that_no_float_is_and_floats_far_apart() -> None:
    far = table_of((b'{"a":9007199254740993}',), (b'{"a":0.5}',), (b'{"a":1}',))
    assert far.column("a").to_pylist() == ["9007199254740993", "0.5", "1"]


def test_columns_stand_in_order_of_first_appearance() -> None:
    batches = (
        (b'{"z":1,"date":"2025-01-01"}', b'{"y":1,"z":2}'),
        (b'{"A":0,"z":3,"a":[]}',),
        (b'{"b":1,"date":"x","z":4}',),
    )
    assert table_of(*batches).schema.names == ["z", "date", "y", "A", "a", "b"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1757401200", pa.timestamp("us", "UTC")),
        ("1757401200.5", pa.timestamp("us", "UTC")),
        ("1757401200.0", pa.timestamp("us", "UTC")),
        ("1757401200.0000005", FLOAT),
        ("1e10", FLOAT),
        ("null", pa.timestamp("us", "UTC")),
        ('"2025"', STRING),
        (str(2**60), INT),
    ],
)
def test_timestamps(text: str, kind: pa.DataType) -> None:
    table = table_of((f'{{"timestamp":{text},"other_timestamp":5}}'.encode(),))
    assert table.schema == pa.schema([("timestamp", kind), ("other_timestamp", INT)])


def test_timestamps_of_the_service() -> None:
    table = table_of((b'{"timestamp":1757401200}', b'{"timestamp":-1}', b"{}"))
    assert table.column("timestamp").cast(pa.int64()).to_pylist() == [1757401200000000, -1000000, None]


FRACTIONS = [
    "1757401200.123456",
    "1757401201",
    "1757401201.999999",
    "0.1",
    "-0.000001",
    "4294967295.999999",
    "null",
    "7.0",
]


@pytest.mark.parametrize("together", [True, False])
def test_timestamps_within_a_second(together: bool) -> None:
    records = [f'{{"timestamp":{text}}}'.encode() for text in FRACTIONS]
    column: Any = table_of(*([tuple(records)] if together else [(record,) for record in records])).column("timestamp")
    assert column.type == pa.timestamp("us", "UTC")
    assert column.cast(INT).to_pylist() == [
        None if text == "null" else int(Decimal(text) * 1_000_000) for text in FRACTIONS
    ]


@pytest.mark.parametrize(
    "others", [["1757401200.0000005"], ["1757401200.1234567", "1"], ["175740120000000"], ["1e300"]]
)
def test_timestamps_finer_than_microseconds(others: list[str]) -> None:
    """Then the column is what the numbers are: nothing is rounded."""
    texts = ["1757401200.5", *others]
    column = table_of(*((f'{{"timestamp":{text}}}'.encode(),) for text in texts)).column("timestamp")
    assert column.type == FLOAT
    assert column.to_pylist() == [float(text) for text in texts]


@settings(max_examples=examples(500), deadline=None, derandomize=True)
@given(st.integers(-(2**32) * 10**6, 2**32 * 10**6), st.booleans())
def test_any_microsecond_is_exact(microseconds: int, beside: bool) -> None:
    text = f"{'-' * (microseconds < 0)}{abs(microseconds) // 1_000_000}.{abs(microseconds) % 1_000_000:06}"
    column = table_of((f'{{"timestamp":{text}}}'.encode(), *[b'{"timestamp":1}'] * beside)).column("timestamp")
    assert column.type == pa.timestamp("us", "UTC")
    assert column[0].cast(INT).as_py() == microseconds


def test_records_without_fields_are_rows() -> None:
    table = table_of((b"{}", b"{}"), (b'{"a":1}',), (b"{}",))
    assert table.column("a").to_pylist() == [None, None, 1, None]


def test_an_empty_column_of_a_field_with_a_unit_is_numeric() -> None:
    """As in the file of another day."""
    psi, none = FieldMetadata("Pressure", "psi"), FieldMetadata("Valve", None)
    table = table_of(
        (b'{"timestamp":null,"site_id":null,"a":null,"b":null,"c":null,"d":1}',),
        descriptions={"timestamp": psi, "a": psi, "b": none, "d": psi},
    )
    assert table.schema.types == [pa.timestamp("us", "UTC"), INT, pa.float64(), NULL, NULL, INT]


def test_names() -> None:
    odd = (rb'{"":1,"A":2,"a":3,"\u00e9 \"q\"":4,"_p_":5}', rb'{"\ud800":6}')
    assert table_of(odd).schema.names == ["", "A", "a", 'é "q"', "_p_", r"\ud800"]


def test_a_name_twice_in_a_record() -> None:
    assert table_of((b'{"a":1,"b":0,"a":2}', b'{"a":3}')).to_pydict() == {"a": [2, 3], "b": [0, None]}


NUMBERS = st.integers(-(2**70), 2**70) | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.sampled_from(["2025-09-09", "7", "O"])
VALUES = st.sampled_from([NUMBERS, STRINGS, st.integers(-9, 9), st.booleans(), st.none()])
RECORDS = st.fixed_dictionaries({}, optional={name: VALUES.flatmap(lambda kind: kind) for name in "abc"})


@settings(max_examples=examples(150), deadline=None, derandomize=True)
@given(st.lists(RECORDS, min_size=1, max_size=6))
def test_the_fast_way_and_the_careful_one_agree(records: list[dict[str, Any]]) -> None:
    texts = _texts(records)
    if any(records):
        assert ArrowParser(ColumnTypes().find_new).parse(texts).equals(build_batch(texts))


@pytest.mark.parametrize(
    "records",
    [
        (b'{"a":{"b":1},"c":2}', b'{"c":3}', b'{"a":null}'),
        (rb'{"\u00e9":[1]}', '{"\u00e9":2}'.encode()),
        (b'{"a":1,"a":[2]}', b'{"a":3,"b":{"a":4}}'),
        (rb'{"say \"a\"":{"b":1},"a":5}', rb'{"a":"\""}'),
        (rb'{"a":"\ud800","b":[1]}', rb'{"\udc00":1,"a":{}}'),
        (b'{"":{"a":1},"a b":[]}', b'{"":"x","a.b":{"":2}}'),
    ],
    ids=["missing", "escaped name", "a name twice", "a quote in a name", "lone surrogates", "odd names"],
)
def test_some_columns_are_read_like_all(records: tuple[bytes, ...]) -> None:
    texts = raw(*records)
    names = sorted({name for record in records for name in json.loads(record)})
    for chosen in names, *([name] for name in names):
        columns = RecordTexts(texts).read(chosen)
        found = {name: [json.loads(bytes(text)) for text in columns[name]] for name in chosen}
        assert found == {name: [json.loads(record).get(name) for record in records] for name in chosen}


LONG_RECORDS = st.builds(
    dict.__or__, RECORDS, st.fixed_dictionaries({"note": st.just("x" * 300), "d": VALUES.flatmap(lambda kind: kind)})
)


@settings(max_examples=examples(100), deadline=None, derandomize=True)
@given(st.lists(RECORDS, min_size=1, max_size=3), st.lists(LONG_RECORDS, min_size=1, max_size=3), st.randoms())
def test_long_records_are_parsed_apart_to_the_same_table(
    short: list[dict[str, Any]], long: list[dict[str, Any]], random: Random
) -> None:
    records = random.choices(short, k=200) + random.choices(long, k=20)
    random.shuffle(records)
    texts = _texts(records)
    assert find_long_records(texts)
    expected = build_batch(texts)
    columns = ColumnTypes()
    columns.add(expected)
    parser = ArrowParser(columns.find_new)
    for _ in range(2):
        assert parser.parse(texts).select(expected.schema.names).equals(expected)


def test_new_columns_of_long_records_keep_their_order() -> None:
    """The first record with `b` is a long one, before the first with `a`."""
    short, long = '{"z":1}', '{"z":1,"b":"%s"}' % ("x" * 300)
    texts = raw(*(text.encode() for text in [long, *[short] * 200, *[long] * 20, '{"z":1,"a":1}']))
    assert find_long_records(texts)
    columns = ColumnTypes()
    columns.set_columns(["z"], ())
    assert ArrowParser(columns.find_new).parse(texts).schema.names == ["z", "b", "a"]


def test_new_columns_of_dates_keep_their_order() -> None:
    """Strings that Arrow took for dates, when long and short records were parsed apart, do not come first."""
    short, long = '{"z":1,"a":1}', '{"z":1,"date":"2025-09-09","b":"%s"}' % ("x" * 300)
    texts = raw(*(text.encode() for text in [*[short] * 200, *[long] * 20]))
    assert find_long_records(texts)
    assert ArrowParser(ColumnTypes().find_new).parse(texts).schema.names == ["z", "a", "date", "b"]


@settings(max_examples=examples(150), deadline=None, derandomize=True)
@given(st.lists(st.lists(RECORDS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_value_can_be_had_back(batches: list[list[dict[str, Any]]]) -> None:
    table = table_of(*(tuple(map(bytes, _texts(batch))) for batch in batches))
    records = [record for batch in batches for record in batch]
    names = dict.fromkeys(name for record in records for name in record)
    assert table.schema.names == [*names]
    for name in names:
        values = [record.get(name) for record in records]
        kinds = {type(value) for value in values if value is not None}
        found = table.column(name).to_pylist()
        if table.schema.field(name).type == STRING and kinds != {str}:
            found = [None if text is None else json.loads(text) for text in found]
        assert found == values


def _texts(records: list[dict[str, Any]]) -> list[msgspec.Raw]:
    return raw(*(json.dumps(record).encode() for record in records))


def test_rows_are_the_records() -> None:
    records = [{"timestamp": 5, "a": 1, "b": "O"}, {"timestamp": 6, "c": 0.5, "d": True}]
    assert rows(table_of(tuple(json.dumps(record).encode() for record in records))) == records
