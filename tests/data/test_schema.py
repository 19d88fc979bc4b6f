"""The schema of records, without pyarrow."""

from __future__ import annotations

import itertools
import json

import pytest

from datastore_sdk.data.schema import Column, Engine, Schema, validate_schema

KEYS = (Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64"))
SCHEMA = Schema(
    columns=(
        *KEYS,
        Column(name="slurry_rate", type="float64", unit="bbl/min", label="Slurry Rate", color="#00AA00"),
        Column(name="swab_valve", type="string"),
    ),
    si_units=True,
    unknown_fields="map",
    version=3,
)


def test_json_round_trip_keeps_everything() -> None:
    text = SCHEMA.to_json()
    assert Schema.from_json(text) == Schema.from_json(text.encode()) == SCHEMA
    assert json.loads(text)["format"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a schema"),
        ("[]", "not a schema"),
        ("{}", "format"),
        ('{"format": 2, "columns": []}', "update the SDK"),
        ('{"format": 1, "columns": []}', "timestamp and site_id"),
        ('{"format": 1, "columns": [{"name": "x", "type": "text"}]}', "type"),
    ],
)
def test_from_json_invalid_text_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Schema.from_json(text)


def test_schema_repeated_or_reserved_names_are_refused() -> None:
    column = Column(name="a", type="float64")
    with pytest.raises(ValueError, match="repeated: a"):
        Schema(columns=(*KEYS, column, column))
    with pytest.raises(ValueError, match="timestamp and site_id"):
        Schema(columns=(column, *KEYS))
    with pytest.raises(ValueError, match='unknown_fields="drop"'):
        Schema(columns=(*KEYS, Column(name="extra", type="string")), unknown_fields="map")


def test_extend_appends_columns_and_counts_versions() -> None:
    new = Column(name="tds", type="float64")
    longer = SCHEMA.extend([new, SCHEMA.columns[2]])
    assert longer.columns == (*SCHEMA.columns, new)
    assert longer.version == 4
    assert longer.extend([new]) is longer
    with pytest.raises(ValueError, match="tds is float64 in this schema, so it cannot become string"):
        longer.extend([Column(name="tds", type="string")])


def test_column_is_found_by_its_name() -> None:
    assert SCHEMA["slurry_rate"].unit == "bbl/min"
    with pytest.raises(KeyError):
        SCHEMA["slurry"]


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_rename_for_engine_is_unique_and_stays(engine: Engine) -> None:
    fields = ["rate_25c", "rate_25C", "Rate_25c", "Rate_25c_2", "a b", "SITE_ID"]
    for order in itertools.permutations(fields):
        schema = Schema(columns=(*KEYS, *(Column(name=name, type="float64") for name in order)))
        renamed = schema.rename_for(engine)
        assert [column.field for column in renamed.columns] == [column.field for column in schema.columns]
        assert renamed.names[:2] == ("timestamp", "site_id")
        assert len({name.casefold() for name in renamed.names}) == len(renamed.names)
        assert renamed.names[order.index("a b") + 2] == ("a_b" if engine == "spark" else "a b")
        grown = Schema(columns=KEYS)
        for column in schema.columns[2:]:
            before = grown.rename_for(engine).columns
            grown = grown.extend([column])
            assert grown.rename_for(engine).columns[:-1] == before
        assert grown.rename_for(engine).columns == renamed.columns


def test_rename_for_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="duckdb, spark, not 'oracle'"):
        SCHEMA.rename_for("oracle")  # type: ignore[arg-type]


def test_validate_schema_checks_type_units_and_choice() -> None:
    validate_schema(None, "null", si_units=False)
    validate_schema(SCHEMA, "raise", si_units=True)
    with pytest.raises(TypeError, match=r"get_schema\(\) makes one"):
        validate_schema({}, "null", si_units=True)
    with pytest.raises(ValueError, match="for SI units, but the records are in imperial units"):
        validate_schema(SCHEMA, "null", si_units=False)
    with pytest.raises(ValueError, match="null, raise, map, not 'drop'"):
        validate_schema(SCHEMA, "drop", si_units=True)
