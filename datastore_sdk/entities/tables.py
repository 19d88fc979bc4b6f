"""Objects as the columns of a table, and as data frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast, get_args

from msgspec import Struct
from pydantic import AwareDatetime
from pydantic_core import to_json

from datastore_sdk.data.time_zones import localize_pandas, localize_polars
from restream_api.types import Model, build_serializers

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_ID = "id"
_SPREAD = "aggregations"
"""Key of the object whose values are columns of their own."""
_PANDAS_TYPES: dict[type, str] = {
    bool: "boolean",
    datetime: "datetime64[us, UTC]",  # as in data frames of records, to join them
    float: "Float64",
    int: "Int64",
    str: "string",
}


class Column(Struct):
    """Values of one key of all objects."""

    cells: list[Any]
    kind: type | None
    """Type of the cells other than None: bool, datetime, float, int or str; None: another type, or several."""


def build_columns(items: Iterable[Model], model: type[Model] | None) -> dict[str, Column]:
    """Return a column for each key that an object has: `id`, others in order of first appearance, then aggregations.

    A value of a time column that is not a time is None.

    Args:
        items: The objects.
        model: Their class. If there are no objects, the class gives the columns.
    """
    rows = [item.model_dump(exclude_unset=True, by_alias=True) for item in items]
    kinds = _get_declared_kinds(model) if model else {}
    computed: dict[str, type] = {}
    for row in rows:
        numbers = row.pop(_SPREAD, None)
        if isinstance(numbers, Mapping):
            own = _rename_computed(cast("Mapping[str, Any]", numbers), kinds)
            row.update(own)
            computed |= dict.fromkeys(own, float)
        elif numbers is not None:
            row[_SPREAD] = numbers
    names = dict.fromkeys(name for row in rows or [kinds] for name in row)
    ordered = sorted(names, key=lambda name: (name != _ID, name in computed))
    return {name: _build_column([row.get(name) for row in rows], {**kinds, **computed}.get(name)) for name in ordered}


def to_pandas(columns: Mapping[str, Column], tz: str, *, naive: bool) -> pd.DataFrame:
    """Return columns as a pandas data frame."""
    import pandas as pd

    frame = pd.DataFrame({name: _to_pandas_series(column) for name, column in columns.items()})
    return localize_pandas(frame, tz, naive=naive)


def to_polars(columns: Mapping[str, Column], tz: str, *, naive: bool) -> pl.DataFrame:
    """Return columns as a polars data frame."""
    import polars as pl

    frame = pl.DataFrame([_to_polars_series(name, column) for name, column in columns.items()])
    return localize_polars(frame, tz, naive=naive)


def _rename_computed(numbers: Mapping[str, Any], kinds: Mapping[str, type | None]) -> dict[str, Any]:
    """Return aggregations by the names of their columns, which differ from the keys of the stage itself."""
    return {name if name not in kinds else f"{_SPREAD}.{name}": value for name, value in numbers.items() if name != _ID}


def _get_declared_kinds(model: type[Model]) -> dict[str, type | None]:
    """Return the types of the keys that the contract declares."""
    kinds: dict[str, type | None] = {}
    for name, field in model.model_fields.items():
        options = {field.annotation, *get_args(field.annotation)}
        known = (
            [datetime] if AwareDatetime in options else [kind for kind in (float, *_PANDAS_TYPES) if kind in options]
        )
        kinds[field.serialization_alias or name] = known[0] if known else None
    return {name: kind for name, kind in kinds.items() if name != _SPREAD}


def _build_column(values: list[Any], declared: type | None) -> Column:
    if declared is datetime:
        return Column([value if isinstance(value, datetime) else None for value in values], datetime)
    found: set[type[Any]] = {type(value) for value in values if value is not None}
    if declared is not None and found <= {declared, *({int} if declared is float else ())}:
        return Column(values, declared)
    if len(found) == 1 and found <= _PANDAS_TYPES.keys():
        return Column(values, found.pop())
    return Column(values, float if found == {int, float} else None)


def _to_pandas_series(column: Column) -> pd.Series[Any]:
    import pandas as pd

    try:
        return pd.Series(column.cells, dtype=_PANDAS_TYPES.get(column.kind or object, "object"))
    except (OverflowError, TypeError, ValueError):  # ints beyond 64 bits, strings that UTF-8 cannot encode
        return pd.Series(column.cells, dtype="object")


def _to_polars_series(name: str, column: Column) -> pl.Series:
    import polars as pl

    types = {
        bool: pl.Boolean(),
        datetime: pl.Datetime("us", "UTC"),
        float: pl.Float64(),
        int: pl.Int64(),
        str: pl.String(),
    }
    cells = column.cells
    try:
        if column.kind:
            return pl.Series(name, cells, types[column.kind])
        rows = [{name: cell} for cell in cells]  # only data frames infer types from all values
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)[name]
    except (OverflowError, TypeError, UnicodeError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return pl.Series(name, [None if cell is None else _to_json_text(cell) for cell in cells], pl.String())


def _to_json_text(value: object) -> str:
    try:
        build_serializers(value)
        return to_json(value).decode()
    except ValueError:  # strings that UTF-8 cannot encode
        return json.dumps(value, default=str)
