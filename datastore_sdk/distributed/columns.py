"""The columns of a plan: chosen by field or by name, and the fields to request for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from datastore_sdk._utils.suggestions import suggest
from datastore_sdk.data.query import KEY_FIELDS
from datastore_sdk.data.schema import EXTRA_COLUMN, Column, ColumnType, OnUnknownField, Schema
from datastore_sdk.data.schema_inference import guess_type

_MAX_NAMES_LENGTH = 4000
"""Maximum length of the names of fields in a URL. Instead of a longer list, all fields are requested."""


def get_column_names(schema: Schema) -> tuple[str, ...]:
    """Return the names of all columns of the records that a schema makes."""
    return (*schema.names, EXTRA_COLUMN) if schema.unknown_fields == "map" else schema.names


def get_fields(schema: Schema) -> tuple[str, ...] | None:
    """Return the fields to request for a schema; None for all fields."""
    names = tuple(column.field for column in schema.columns[len(KEY_FIELDS) :])
    return names if names and len(",".join(names)) <= _MAX_NAMES_LENGTH else None


def validate_columns(schema: Schema, columns: Iterable[str]) -> tuple[str, ...]:
    """Return names of columns.

    Raises:
        ValueError: A name is not a column, or occurs more than once.
    """
    names, known = tuple(columns), get_column_names(schema)
    for name in names:
        if name not in known:
            raise ValueError(f"columns has {name!r}, which is not a column of the plan{suggest(name, known)}")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"columns has names more than once: {', '.join(repeated)}")
    return names


def select_columns(schema: Schema, names: Sequence[str]) -> Schema | None:
    """Return a schema with the keys and some columns; None if there is nothing but the keys."""
    columns = tuple(column for column in schema.columns if column.name in {*KEY_FIELDS, *names})
    unknown_fields: OnUnknownField = schema.unknown_fields if EXTRA_COLUMN in names else "drop"
    if len(columns) == len(KEY_FIELDS):
        return None
    return msgspec.structs.replace(schema, columns=columns, unknown_fields=unknown_fields)


def select_fields(schema: Schema, fields: Sequence[str] | None) -> Schema:
    """Return the schema with the columns of some fields, in their order; None: all columns.

    Valves need not be columns of the schema: the service does not list them, and their names say what they are.

    Raises:
        ValueError: A field is unknown. The service ignores unknown names without an error.
    """
    if fields is None:
        return schema
    known = {column.field: column for column in schema.columns}
    names = [name for name in dict.fromkeys(fields) if name not in KEY_FIELDS]
    types: dict[str, ColumnType | None] = {name: guess_type(name) for name in names if name not in known}
    if unknown := [name for name, kind in types.items() if kind is None]:
        hints = ", ".join(f"{name!r}{suggest(name, known).rstrip('?')}" for name in unknown)
        raise ValueError(
            f"fields has names that the sites do not have: {hints}. They are neither listed by get_fields_metadata() "
            "nor in recent records; the service would ignore them"
        )
    guessed = {name: Column(name=name, type=kind) for name, kind in types.items() if kind}
    return msgspec.structs.replace(schema, columns=(*schema.columns[:2], *((known | guessed)[name] for name in names)))
