"""Columns of the table `records`: names that every store accepts, and new fields that become columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from datastore_sdk._utils.distinct_names import DistinctNames
from datastore_sdk.data.schema import Column, ColumnType, Schema
from datastore_sdk.mirror.tables import EXTRA, KEY_COLUMNS, Row

MAX_COLUMNS = 1000
"""Maximum number of columns; PostgreSQL allows 1600. The values of further fields stay in the column `extra`."""
MAX_NAME_BYTES = 63
"""Maximum length of a column name in PostgreSQL."""
_RESERVED = " ,;{}()="
"""Characters that Spark refuses in the column names of a Delta table."""
_KEY = (Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64"))


def start_schema(*, si_units: bool) -> Schema:
    """Return the schema of a new mirror, without fields."""
    return Schema(columns=_KEY, si_units=si_units, unknown_fields="map")


def add_columns(schema: Schema, columns: Iterable[Column]) -> Schema:
    """Return the schema with columns for the fields that it does not have yet. Existing columns never change.

    Numbers are float64, since the service sends a field as 3 in one record and as 3.5 in another; so are flags, which
    come as numbers and as booleans. A field whose name is taken, upper and lower case aside, gets `_2` behind its
    name.
    """
    known = {column.field for column in schema.columns}
    names = DistinctNames((*schema.names, *KEY_COLUMNS, EXTRA), MAX_NAME_BYTES)
    added: list[Column] = []
    for column in columns:
        if column.field in known or len(schema.columns) + len(added) >= MAX_COLUMNS:
            continue
        known.add(column.field)
        name = names.add(_replace_unusable(column.field))
        added.append(msgspec.structs.replace(column, name=name, field=column.field, type=_widen(column.type)))
    if not added:
        return schema
    return msgspec.structs.replace(schema, columns=(*schema.columns, *added), version=schema.version + 1)


def _replace_unusable(field: str) -> str:
    return "".join(letter if letter.isprintable() and letter not in _RESERVED else "_" for letter in field) or "_"


def _widen(kind: ColumnType) -> ColumnType:
    return "string" if kind == "string" else "float64"


class NewFields:
    """Fields of downloaded records that have no column yet, with the types of their values."""

    def __init__(self, schema: Schema) -> None:
        self._known = {column.field for column in schema.columns}
        self._types: dict[str, ColumnType | None] = {}

    def note(self, items: Iterable[tuple[str, str]]) -> None:
        """Note the unknown fields of a record: names, and values as JSON text."""
        for name, text in items:
            if name not in self._known and (kind := _type_of(text)) is not None and self._types.get(name) != "float64":
                self._types[name] = kind

    def columns(self) -> list[Column]:
        """Return a column for each field with a number, a flag or a text."""
        return [Column(name=name, type=kind) for name, kind in sorted(self._types.items()) if kind is not None]


def _type_of(text: str) -> ColumnType | None:
    match text[:1]:
        case '"':
            return "string"
        case "{" | "[" | "n" | "":
            return None
        case _:
            return "float64"


def to_value(kind: ColumnType, text: str) -> Any:
    """Return the value of a JSON text for a column; None if it does not fit."""
    value = json.loads(text)
    if kind == "string":
        return value if isinstance(value, str) and _is_unicode(value) else None
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if -float("inf") < number < float("inf") else None


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def to_extra(items: Mapping[str, str]) -> str | None:
    """Return the text of the column `extra`; None without items."""
    if not items:
        return None
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in sorted(items.items())) + "}"


def describe_columns(schema: Schema) -> tuple[Row, ...]:
    """Return the rows of the table `fields`."""
    return tuple(
        {
            "column_name": column.name,
            "name": column.field,
            "type": column.type,
            "unit": column.unit,
            "label": column.label,
            "color": column.color,
        }
        for column in schema.columns[2:]
    )
