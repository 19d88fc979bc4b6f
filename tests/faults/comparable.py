"""Results of calls as values that can be compared."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from pydantic import BaseModel


def plain(value: Any) -> Any:
    """The value, with objects, tables and data frames taken apart."""
    match value:
        case BaseModel():
            return type(value).__name__, plain(dict(value))
        case dict():
            entries: dict[Any, Any] = {**value}
            return {name: plain(each) for name, each in entries.items()}
        case list() | tuple():
            items: list[Any] = [*value]
            return [plain(each) for each in items]
        case pa.Table() | pd.DataFrame() | pl.DataFrame():
            return _taken_apart(value)
        case _:
            return value


def _taken_apart(table: pa.Table | pd.DataFrame | pl.DataFrame) -> tuple[str, Any]:
    """The columns, and the values."""
    match table:
        case pa.Table():
            return str(table.schema), table.to_pylist()
        case pd.DataFrame():
            return str(table.dtypes), table.to_csv()
        case pl.DataFrame():
            return str(table.schema), table.rows()
