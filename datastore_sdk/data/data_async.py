"""Async form of `Data`."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from datastore_sdk._utils.validation import validate_id
from datastore_sdk.data.base_data import BaseData
from datastore_sdk.data.coverage.report import MIN_GAP, CoverageReport
from datastore_sdk.data.progress import Progress
from datastore_sdk.data.schema import OnMismatch, Schema

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class DataAsync(BaseData):
    """Async form of `Data`."""

    @property
    def data_fetcher(self) -> AsyncGenerator[dict[str, Any], None]:
        """Async form of `Data.data_fetcher`."""
        return self._records()

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self._records()

    def batches(self, size: int = 10_000) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Async form of `Data.batches`."""
        return self._batches(validate_id(size, "size"))

    async def head(self, n: int = 5) -> list[dict[str, Any]]:
        """Async form of `Data.head`."""
        async with aclosing(self._batches(validate_id(n, "n"))) as lists:
            return await anext(lists, list[dict[str, Any]]())

    async def ato_arrow(self, *, schema: Schema | None = None, on_mismatch: OnMismatch = "null") -> pa.Table:
        """Async form of `Data.to_arrow`."""
        return await self._client._adrive(self._to_arrow(schema, on_mismatch))

    async def ato_pandas(self, *, schema: Schema | None = None, on_mismatch: OnMismatch = "null") -> pd.DataFrame:
        """Async form of `Data.to_pandas`."""
        return await self._client._adrive(self._to_pandas(schema, on_mismatch))

    async def ato_polars(self, *, schema: Schema | None = None, on_mismatch: OnMismatch = "null") -> pl.DataFrame:
        """Async form of `Data.to_polars`."""
        return await self._client._adrive(self._to_polars(schema, on_mismatch))

    def record_batches(
        self, schema: Schema, *, on_mismatch: OnMismatch = "null"
    ) -> AsyncGenerator[pa.RecordBatch, None]:
        """Async form of `Data.record_batches`."""
        return self._client._aiterate(self._record_batches(schema, on_mismatch))

    async def asave(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        resume: bool = False,
        progress: bool | Callable[[Progress], None] = False,
        coverage: bool = False,
        min_gap: int = MIN_GAP,
        schema: Schema | None = None,
        on_mismatch: OnMismatch = "null",
    ) -> CoverageReport | None:
        """Async form of `Data.save`."""
        return await self._client._adrive(
            self._save(
                path,
                overwrite=overwrite,
                resume=resume,
                progress=progress,
                coverage=coverage,
                min_gap=min_gap,
                schema=schema,
                on_mismatch=on_mismatch,
            )
        )

    async def acoverage(self, *, min_gap: int = MIN_GAP) -> CoverageReport:
        """Async form of `Data.coverage`."""
        return await self._client._adrive(self._coverage(min_gap))

    async def _batches(self, size: int) -> AsyncGenerator[list[dict[str, Any]], None]:
        waiting: list[dict[str, Any]] = []
        async with aclosing(self._client._aiterate(self._stream())) as lists:
            async for records in lists:
                waiting += records
                while len(waiting) >= size:
                    yield waiting[:size]
                    del waiting[:size]
        if waiting:
            yield waiting

    async def _records(self) -> AsyncGenerator[dict[str, Any], None]:
        async with aclosing(self._client._aiterate(self._stream())) as lists:
            async for records in lists:
                for record in records:
                    yield record
