"""List of objects that converts to a data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

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

        Nested objects are dicts. Times are in UTC.

        Raises:
            ImportError: pandas is not installed.
        """
        require_extra("pandas", extra="pandas")
        import pandas as pd

        frame = pd.DataFrame(self._rows())
        for name in frame.select_dtypes("datetimetz").columns:  # as in data frames of records, to join them
            frame[name] = frame[name].dt.tz_convert("UTC").dt.as_unit("us")
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return a polars data frame, with a column for each key that the service sent. Needs the extra `polars`.

        Nested objects are structs. Times are in UTC.

        Raises:
            ImportError: polars is not installed.
        """
        require_extra("polars", extra="polars")
        import polars as pl

        return pl.DataFrame(self._rows(), infer_schema_length=None)

    def _rows(self) -> list[dict[str, Any]]:
        return [item.model_dump(exclude_unset=True, by_alias=True) for item in self]
