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

    Timestamps have the same time zone object as those of stages, or pandas would refuse to join them.
    """
    frame = table.to_pandas(types_mapper=_TYPES.get)
    for name in frame.select_dtypes("datetimetz").columns:
        frame[name] = frame[name].dt.tz_convert("UTC")
    return frame
