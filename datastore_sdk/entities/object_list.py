"""List of objects that converts to a data frame."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import AwareDatetime
from pydantic_core import to_json

from datastore_sdk._utils.optional_imports import require_extra
from restream_api.types import Model

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

M = TypeVar("M", bound=Model)


class ObjectList(list[M]):
    """A list of objects that also converts to a data frame, with one row per object."""

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas data frame, with a column for each key that the service sent. Needs the extra `pandas`.

        Nested objects are dicts. Times are in UTC; a value that is not a time is missing (NaT).

        Raises:
            ImportError: pandas is not installed.
        """
        require_extra("pandas", extra="pandas")
        import pandas as pd

        frame = pd.DataFrame(self._rows())
        for name in self._time_columns() & {*frame.columns}:  # as in data frames of records, to join them
            frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert("UTC").dt.as_unit("us")
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return a polars data frame, with a column for each key that the service sent. Needs the extra `polars`.

        Nested objects are structs. Times are in UTC; a value that is not a time is null. A column whose values have
        several types is a string column, with the JSON text of each value if polars cannot convert them.

        Raises:
            ImportError: polars is not installed.
        """
        require_extra("polars", extra="polars")
        import polars as pl

        rows, times = self._rows(), self._time_columns()
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name) for row in rows] for name in names}
        return pl.DataFrame([_build_series(name, values, name in times) for name, values in columns.items()])

    def _rows(self) -> list[dict[str, Any]]:
        times = self._time_columns()
        rows = [item.model_dump(exclude_unset=True, by_alias=True) for item in self]
        for row in rows:
            for name in times & row.keys():
                if not isinstance(row[name], datetime):
                    row[name] = None
        return rows

    def _time_columns(self) -> set[str]:
        """Return the keys that the contract declares as times."""
        return {
            field.serialization_alias or name
            for item in self[:1]
            for name, field in type(item).model_fields.items()
            if AwareDatetime in (field.annotation, *get_args(field.annotation))
        }


def _build_series(name: str, values: list[Any], is_time: bool) -> pl.Series:
    """Return a column of values of any types."""
    import polars as pl

    if is_time:
        return pl.Series(name, values, pl.Datetime("us", "UTC"))
    try:
        rows = [{name: value} for value in values]  # only data frames infer types from all values
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)[name]
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if value is None else to_json(value).decode() for value in values], pl.String)
