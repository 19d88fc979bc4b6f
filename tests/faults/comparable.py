"""Conversion of results to comparable values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from pydantic import BaseModel


def to_comparable(value: Any) -> Any:
    """Return a value in which objects, tables and data frames are built-in types."""
    match value:
        case BaseModel():
            return type(value).__name__, to_comparable(dict(value))
        case dict():
            entries: dict[Any, Any] = {**value}
            return {name: to_comparable(each) for name, each in entries.items()}
        case list() | tuple():
            items: list[Any] = [*value]
            return [to_comparable(each) for each in items]
        case pa.Table() | pd.DataFrame() | pl.DataFrame():
            return _table_to_comparable(value)
        case _:
            return value


def _table_to_comparable(table: pa.Table | pd.DataFrame | pl.DataFrame) -> tuple[str, Any]:
    """Return the columns and the values."""
    match table:
        case pa.Table():
            return str(table.schema), table.to_pylist()
        case pd.DataFrame():
            return str(table.dtypes), table.to_csv()
        case pl.DataFrame():
            return str(table.schema), table.rows()
