"""Async form of `Data`."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from datastore_sdk._utils.validation import validate_id
from datastore_sdk.data.base_data import BaseData
from datastore_sdk.data.coverage.report import MIN_GAP, CoverageReport
from datastore_sdk.data.estimate import Estimate
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
        """The records one by one, as they arrive; each access starts a new download."""
        return self._records()

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self._records()

    def batches(self, size: int = 10_000) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Return the records in lists, as they arrive; each call starts a new download.

        Args:
            size: Number of records in a list; the last list may have fewer.

        Raises:
            TypeError: The size is not an int.
            ValueError: The size is not positive.
        """
        return self._batches(validate_id(size, "size"))

    async def head(self, n: int = 5) -> list[dict[str, Any]]:
        """Return the first records, and stop the download after them.

        Args:
            n: Number of records.

        Raises:
            TypeError: `n` is not an int.
            ValueError: `n` is not positive.
            RestreamError: The download failed.
        """
        async with aclosing(self._batches(validate_id(n, "n"))) as lists:
            return await anext(lists, list[dict[str, Any]]())

    async def ato_arrow(self, *, schema: Schema | None = None, on_mismatch: OnMismatch = "null") -> pa.Table:
        """Return all records as a pyarrow table. Needs the extra `arrow`.

        The table has a column for each requested field (`fields`), or for each received field, in order of first
        appearance. A field that a record lacks is null. `timestamp` is a UTC timestamp in
        microseconds. Values keep their type: int64, float64, bool or string; a
        string that looks like a number or a date stays a string. A column of ints and floats is float64 if that holds
        every int exactly (up to 2**53). A column of mixed types, or with values that do not fit (ints beyond 64 bits,
        strings with lone surrogates), is a string column with the JSON text of each value.

        The metadata of a column has the `label` of its field and the `unit` of its values, if they are known. That
        takes one more request for each pad or site. If it fails, a warning is logged and the metadata is missing.

        Args:
            schema: The columns, as `aget_schema()` returned them. Default: columns and types of the received values.
            on_mismatch: What a value does that does not fit its column of the schema: "null" makes it null and warns
                once (`SchemaWarning`), "raise" raises `SchemaMismatchError`, "map" keeps it as JSON text in `extra`.

        Raises:
            ImportError: pyarrow is not installed.
            RestreamError: The download failed.
        """
        return await self._client._adrive(self._to_arrow(schema, on_mismatch))

    async def ato_pandas(
        self,
        *,
        schema: Schema | None = None,
        on_mismatch: OnMismatch = "null",
        tz: str | tzinfo = "UTC",
        naive: bool = False,
    ) -> pd.DataFrame:
        """Return all records as a pandas data frame. Needs the extra `pandas`.

        Columns as in `ato_arrow`, with pandas' nullable types: Int64, Float64, boolean, string; `timestamp` is
        datetime64[us, UTC]. A column without values is Float64 if its field has a unit, else Int64.

        `frame.attrs` has `units` and `labels`, by column as far as they are listed, and `timezone`. Units and labels
        take one more request for each pad or site, as in `ato_arrow`.

        Args:
            schema: The columns, as `aget_schema()` returned them. Default: columns and types of the received values.
            on_mismatch: What a value does that does not fit its column of the schema: "null" makes it null and warns
                once (`SchemaWarning`), "raise" raises `SchemaMismatchError`, "map" keeps it as JSON text in `extra`.
            tz: Time zone of `timestamp`: an IANA name such as `US/Central`, or `site` for the time of the well, which
                is requested first (one more request for each pad or site).
            naive: True: leave the time zone out of `timestamp`, as Excel needs it. The hour that is repeated when
                daylight saving time ends is then ambiguous.

        Raises:
            ImportError: pandas or pyarrow is not installed.
            TypeError: `tz` is not a time zone, or `naive` not a bool.
            ValueError: There is no such time zone.
            UnusableValueError: With `tz="site"`: the service sent no usable time zone, or the wells of the pad have
                several ones.
            RestreamError: The download failed.
        """
        return await self._client._adrive(self._to_pandas(schema, on_mismatch, tz, naive))

    async def ato_polars(
        self,
        *,
        schema: Schema | None = None,
        on_mismatch: OnMismatch = "null",
        tz: str | tzinfo = "UTC",
        naive: bool = False,
    ) -> pl.DataFrame:
        """Return all records as a polars data frame. Needs the extra `polars`.

        Columns as in `ato_arrow`; `timestamp` is Datetime("us", "UTC"). A polars data frame has no metadata:
        `aget_schema()` returns units and labels.

        Args:
            schema: The columns, as `aget_schema()` returned them. Default: columns and types of the received values.
            on_mismatch: What a value does that does not fit its column of the schema: "null" makes it null and warns
                once (`SchemaWarning`), "raise" raises `SchemaMismatchError`, "map" keeps it as JSON text in `extra`.
            tz: Time zone of `timestamp`: an IANA name such as `US/Central`, or `site` for the time of the well, which
                is requested first (one more request for each pad or site).
            naive: True: leave the time zone out of `timestamp`, as Excel needs it. The hour that is repeated when
                daylight saving time ends is then ambiguous.

        Raises:
            ImportError: polars or pyarrow is not installed.
            TypeError: `tz` is not a time zone, or `naive` not a bool.
            ValueError: There is no such time zone.
            UnusableValueError: With `tz="site"`: the service sent no usable time zone, or the wells of the pad have
                several ones.
            RestreamError: The download failed.
        """
        return await self._client._adrive(self._to_polars(schema, on_mismatch, tz, naive))

    def record_batches(
        self, schema: Schema, *, on_mismatch: OnMismatch = "null"
    ) -> AsyncGenerator[pa.RecordBatch, None]:
        """Return the records as pyarrow record batches of a schema, as they arrive, in bounded memory.

        Needs the extra `arrow`. Each call starts a new download.

        Args:
            schema: The columns, as `aget_schema()` returned them.
            on_mismatch: As for `ato_arrow`.

        Raises:
            ImportError: pyarrow is not installed.
            TypeError: `schema` is not a `Schema`.
            ValueError: The schema is for other units, or `on_mismatch` is unknown.
        """
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
        """Save the records to a file, in the format of its suffix.

        | suffix | format |
        |---|---|
        | `.json` | one JSON array, one record per line |
        | `.ndjson`, `.jsonl` | one JSON object per line |
        | `.csv` | one row per record; a field that the record lacks is an empty cell |
        | any of these and `.gz` | compressed with gzip |
        | any of these and `.zst` | compressed with Zstandard; needs the extra `zstd` |
        | `.parquet` | Parquet; needs the extra `arrow` |
        | `.arrow`, `.feather` | Arrow IPC, which is Feather version 2; needs the extra `arrow` |

        Text formats keep values as the service sent them. CSV leaves out JSON's quotes and escapes; a lone surrogate,
        which UTF-8 cannot encode, is read back with `errors="surrogatepass"`. Parquet and Arrow files have the columns
        of `ato_arrow`, with types, units and labels. CSV files have the same columns. Memory use is small for all
        formats; tables use disk space beside the file while they are built.

        The target changes only when the file is complete: until then, and after any failure, an existing file stays as
        it was. Missing folders are created.

        A complete file is never deleted. If the target cannot be replaced (it is a mount of its own, or its folder does
        not rename files), its content is overwritten in place. If that fails too (a program has it open), the file is
        saved under another name, which the error names. If the folder cannot hold scratch files, they are in the
        temporary folder (`tempfile.gettempdir()`), which then needs the space.

        With `resume=True`, records first go to a file beside the target, `<name>.partial`, which needs about as much
        space as NDJSON. If the save fails or its process is killed, that file stays. The next call with the same query
        resumes the save, today or tomorrow, and deletes the file at the end. If the folder cannot hold the file, it is
        in the temporary folder, where the next call finds it; the log and the error tell its path. Records that were
        downloaded are not requested again, even if they were corrected meanwhile. Records that depend on their
        neighbours (a `resolution` other than 1 second, `aggregation`, `fill_data_method`) may differ between two
        downloads, so their query starts again, which is logged; of several queries (data changes) the complete ones are
        kept.

        Args:
            path: The file.
            overwrite: Whether an existing file may be replaced.
            resume: Whether to resume an earlier save, and to keep the records of this one if it fails.
            progress: True shows the progress: on a terminal, in a notebook, or else every 10 s in the log (logger
                `datastore_sdk`, level INFO). A function is called with a `Progress` a few times per second; an
                exception from it ends the save.
            coverage: True: compare the records with the expected seconds, as `acoverage()` does, while they are saved.
                Once the file is complete, the report is written beside it, as `<name>.coverage.json`, and one line is
                logged (logger `datastore_sdk`; INFO if the data is complete, else WARNING).
            min_gap: Seconds of the shortest gap that the report lists.
            schema: The columns of a Parquet or Arrow file, as `aget_schema()` returned them, so that files of different
                days fit together. Such a file is written as records arrive. Default: columns of the received values.
            on_mismatch: What a value does that does not fit its column of the schema: "null" makes it null and warns
                once (`SchemaWarning`), "raise" raises `SchemaMismatchError`, "map" keeps it as JSON text in `extra`.

        Returns:
            The report with `coverage=True`, else None.

        Raises:
            FileExistsError: The file exists and `overwrite` is False; with `coverage=True` also for the report.
            IsADirectoryError: The path is a directory.
            ValueError: The suffix is unknown, or the path is a URL (`s3://...`): save to a local file, then copy it.
            TypeError: An argument has a wrong type.
            ImportError: The format needs an extra that is not installed.
            ResumeError: The `.partial` file has another query, was edited, or is in use by another process.
            OSError: The disk is full, or the target cannot be written; the message says where a complete file is.
            RestreamError: The download failed.
        """
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

    async def aestimate(self) -> Estimate:
        """Estimate the size and duration of the download from short samples of it.

        At most five samples are requested, evenly spread over the time range up to now, each of at most 300 intervals
        of the resolution (5 minutes of 1-second data). With a stage filter, the stages are requested first. Without a
        start or end, the site is requested first: it says when its records start and end.

        Returns:
            Requests, expected records, bytes and seconds, and the samples they follow from. They are exact if the
            range is so short that the samples are all of it.

        Raises:
            UnusableValueError: The range has no start, and the service does not say when the records start.
            RestreamError: A request failed.
        """
        return await self._client._adrive(self._estimate())

    async def acoverage(self, *, min_gap: int = MIN_GAP) -> CoverageReport:
        """Download all records and report how complete they are, in little memory.

        For each site: expected and received seconds, and the gaps with the stage at that time. Also: requested fields
        (`fields`) that had no value in any record. `asave(coverage=True)` reports the same for a file, without a second
        download.

        The requested time range says which seconds are expected, up to now. With a stage filter, the stages say so. If
        the range is open, seconds are expected from the first to the last record of the site. A routed pad is expected
        to have records of each of its sites. A record of a coarser `resolution` stands for its whole interval; those
        intervals are expected that lie within the range.

        Sites of routed pads, and stages if there are gaps, are requested after the records. If such a request fails, a
        warning is logged and the report does without.

        Args:
            min_gap: Seconds of the shortest gap that is listed. Shorter gaps still count as missing seconds.

        Raises:
            TypeError: `min_gap` is not an int.
            ValueError: `min_gap` is not positive.
            RestreamError: The download failed.
        """
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
