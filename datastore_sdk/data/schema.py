"""Schema of records: a fixed set of typed columns, so that files of different days fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec
from msgspec import Struct

from datastore_sdk._utils.distinct_names import DistinctNames
from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.query import KEY_FIELDS

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["timestamp", "int64", "float64", "string", "bool"]
"""Type of a column. `timestamp` is a UTC timestamp in microseconds."""
OnUnknownField = Literal["map", "drop"]
"""Treatment of fields that the schema does not know: they go to the map column `extra`, or are dropped."""
OnMismatch = Literal["null", "raise", "map"]
"""Treatment of a value that does not fit its column: it becomes null, raises `SchemaMismatchError`, or becomes null and
is kept in the map column `extra`."""
Engine = Literal["duckdb", "spark"]
"""Engine whose column names ignore upper and lower case."""

EXTRA_COLUMN = "extra"
"""Name of the column of unknown fields: a map from field name to the JSON text of the value."""
_FORMAT = 1
"""Version of the JSON format of `Schema.to_json`."""
_RESERVED = re.compile(r"[ ,;{}()\n\t=]")
"""Characters that Spark refuses in column names."""


class Column(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column of a `Schema`."""

    name: str
    """Name of the column."""
    type: ColumnType
    """Type of its values."""
    field: str = ""
    """Key of its values in records; the name, unless the column was renamed."""
    unit: str | None = None
    """Unit of its values, such as `psi`."""
    label: str | None = None
    """Name for people."""
    color: str | None = None
    """First colour in plots, `#RRGGBB`."""

    def __post_init__(self) -> None:
        if not self.field:
            msgspec.structs.force_setattr(self, "field", self.name)


class Schema(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fixed set of typed columns for the records of a site or pad.

    `Site.get_schema()` and `Pad.get_schema()` make one. Save it with `to_json()` and use it again, so that all your
    files and tables have the same columns: `Data.to_arrow(schema=schema)`, `to_pandas`, `to_polars`,
    `save("x.parquet", schema=schema)`, `record_batches(schema=schema)`.

    The first columns are `timestamp` (UTC, microseconds) and `site_id`. A value that a record does not have is null.
    """

    columns: tuple[Column, ...]
    """The columns, in order."""
    si_units: bool = False
    """Whether values are in SI units. A schema fits only data that was requested in the same units."""
    unknown_fields: OnUnknownField = "drop"
    """Treatment of fields that the schema does not know."""
    version: int = 1
    """Version of the columns; `extend` increases it."""

    def __post_init__(self) -> None:
        if (keys := tuple(column.name for column in self.columns[:2])) != KEY_FIELDS:
            raise ValueError(f"the first columns of a schema must be timestamp and site_id, not {keys}")
        for names in [column.name for column in self.columns], [column.field for column in self.columns]:
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                raise ValueError(f"a schema has each column once, but these are repeated: {', '.join(repeated)}")
        if self.unknown_fields == "map" and EXTRA_COLUMN in self.names:
            raise ValueError(f'a column is called {EXTRA_COLUMN!r}: use unknown_fields="drop", or rename it')

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order, without the map column `extra`."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            KeyError: The schema has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_json(self) -> str:
        """Return the schema as JSON text, to be kept beside the data.

        `Schema.from_json` reads it.
        """
        content = {"format": _FORMAT, **msgspec.to_builtins(self)}
        return msgspec.json.format(msgspec.json.encode(content)).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Schema:
        """Read a schema that `to_json` wrote.

        Raises:
            ValueError: The text is not a schema, or of a newer format than this SDK knows.
        """
        try:
            content = msgspec.json.decode(text, type=dict[str, Any])
            format_version = content.pop("format", None)
            if isinstance(format_version, int) and format_version > _FORMAT:
                raise ValueError(f"the schema has format {format_version}; this SDK reads {_FORMAT}: update the SDK")
            if format_version != _FORMAT:
                raise ValueError('not a schema of Schema.to_json: it has no "format"')
            return msgspec.convert(content, cls)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a schema of Schema.to_json: {error}") from None

    def extend(self, columns: Iterable[Column]) -> Schema:
        """Return a schema with more columns at the end, and the next `version`.

        Columns that exist already with the same type are left out. If nothing is new, the schema itself is returned.

        Raises:
            ValueError: A column exists already with another type.
        """
        known = {column.field: column for column in self.columns}
        new: list[Column] = []
        for column in columns:
            if (other := known.get(column.field)) is None:
                new.append(column)
            elif other.type != column.type:
                raise ValueError(f"{column.field} is {other.type} in this schema, so it cannot become {column.type}")
        if not new:
            return self
        return msgspec.structs.replace(self, columns=(*self.columns, *new), version=self.version + 1)

    def rename_for(self, engine: Engine) -> Schema:
        """Return the schema with column names that an engine accepts, which ignores upper and lower case.

        Some fields differ only by case (`clean_conductivity_25c`, `clean_conductivity_25C`). The first column keeps its
        name, the others get `_2`, `_3`, ... So `extend` never changes the names of existing columns. For Spark, spaces
        and `,;{}()=` become `_`. `Column.field` keeps the name of the service.

        Args:
            engine: `duckdb` or `spark`.

        Raises:
            ValueError: The engine is unknown.
        """
        if engine not in get_args(Engine):
            raise ValueError(f"engine must be one of {', '.join(get_args(Engine))}, not {engine!r}")
        names = DistinctNames()
        columns: list[Column] = []
        for column in self.columns:
            name = _RESERVED.sub("_", column.name) if engine == "spark" else column.name
            columns.append(msgspec.structs.replace(column, name=names.add(name)))
        return msgspec.structs.replace(self, columns=tuple(columns))

    def to_arrow(self) -> pa.Schema:
        """Return the schema for pyarrow, with `unit`, `label`, `color` and `field` as metadata of the columns.

        Needs the extra `arrow`.

        Raises:
            ImportError: pyarrow is not installed.
        """
        require_extra("pyarrow", extra="arrow")
        import pyarrow as pa

        types: dict[ColumnType, pa.DataType] = {
            "timestamp": pa.timestamp("us", "UTC"),
            "int64": pa.int64(),
            "float64": pa.float64(),
            "string": pa.string(),
            "bool": pa.bool_(),
        }
        fields: list[pa.Field[Any]] = [
            pa.field(column.name, types[column.type], metadata=_metadata(column)) for column in self.columns
        ]
        if self.unknown_fields == "map":
            fields.append(pa.field(EXTRA_COLUMN, pa.map_(pa.string(), pa.string())))
        return pa.schema(fields, metadata={"restream_schema_version": str(self.version)})


def _metadata(column: Column) -> dict[str | bytes, str | bytes]:
    values = {"field": column.field, "unit": column.unit, "label": column.label, "color": column.color}
    return {name: value for name, value in values.items() if value is not None}


def validate_schema(schema: object, on_mismatch: str, *, si_units: bool) -> None:
    """Check the arguments `schema` and `on_mismatch` of a call.

    Raises:
        TypeError: The schema is not a `Schema`.
        ValueError: `on_mismatch` is unknown, or the schema is for other units.
    """
    if on_mismatch not in get_args(OnMismatch):
        raise ValueError(f"on_mismatch must be one of {', '.join(get_args(OnMismatch))}, not {on_mismatch!r}")
    if schema is None:
        return
    if not isinstance(schema, Schema):
        raise TypeError(f"schema must be a Schema (get_schema() makes one), not {schema!r}")
    if on_mismatch == "map" and schema.unknown_fields != "map":
        raise ValueError('on_mismatch="map" needs a schema with unknown_fields="map", which has the column `extra`')
    if schema.si_units != si_units:
        wanted, got = ("SI" if units else "imperial" for units in (schema.si_units, si_units))
        raise ValueError(f"the schema is for {wanted} units, but the records are in {got} units: pass si_units alike")
