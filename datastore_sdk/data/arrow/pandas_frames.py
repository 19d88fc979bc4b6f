"""Tables as pandas data frames with nullable types."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype

_TYPES: dict[pa.DataType, ExtensionDtype] = {
    pa.null(): pd.Int64Dtype(),  # as pandas itself does: joined to any other numbers, it leaves them what they are
    pa.bool_(): pd.BooleanDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}


def to_nullable_frame(table: pa.Table) -> pd.DataFrame:
    """Return the table with pandas' nullable types: a missing value is NA, and ints stay ints beside it.

    `attrs` has the units and labels of the columns, as far as they are known.
    """
    frame = table.to_pandas(types_mapper=_TYPES.get)
    frame.attrs |= {"units": _read_metadata(table.schema, b"unit"), "labels": _read_metadata(table.schema, b"label")}
    return frame


def _read_metadata(schema: pa.Schema, key: bytes) -> dict[str, str]:
    """Return the values of a key of the columns' metadata, by column; empty values are left out."""
    return {field.name: value.decode() for field in schema if (value := (field.metadata or {}).get(key))}
