"""Time-series data, lazy: nothing is asked for until it is iterated over or saved."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.validation import validate_id
from datastore_sdk.client import Client
from datastore_sdk.data.completeness.report import MIN_GAP, CoverageReport
from datastore_sdk.data.dataframes import arrow_stream, to_arrow, to_pandas, to_polars
from datastore_sdk.data.progress import Progress, ProgressDisplay
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.representation import html_of, text_of
from datastore_sdk.data.saving.save import saving
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.records import batches

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class _Base:
    """What both forms know: whom to ask what."""

    def __init__(self, client: Client, queries: Sequence[DataQuery]) -> None:
        self._client = client
        self._queries = tuple(queries)
        self._download = Download()

    @property
    def queries(self) -> tuple[DataQuery, ...]:
        """What is asked for; for data changes, one question for each corrected interval of a site."""
        return self._queries

    @property
    def resumptions(self) -> int:
        """How often the last download, or the one under way, was taken up again because it had broken off."""
        return self._download.resumptions

    def __repr__(self) -> str:
        return text_of(type(self).__name__, self._queries)

    def _repr_html_(self) -> str:
        return html_of(type(self).__name__, self._queries)

    def _begin(self) -> Download:
        self._download = Download()
        return self._download

    def _steps(self) -> EffectGen[None]:
        return batches(self._client._executor, self._queries, self._begin(), DICTS)

    def _saving(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool,
        resume: bool,
        progress: bool | ProgressDisplay,
        coverage: bool,
        min_gap: int,
    ) -> EffectGen[CoverageReport | None]:
        return saving(
            self._client._executor,
            self._queries,
            path,
            self._begin(),
            overwrite=overwrite,
            resume=resume,
            progress=progress,
            coverage=coverage,
            min_gap=min_gap,
        )

    def _covered(self, min_gap: int) -> EffectGen[CoverageReport]:
        from datastore_sdk.data.completeness.builder import covered  # here, for few need it

        return covered(self._client._executor, self._queries, self._begin(), min_gap)


class _ArrowStream(_Base):
    """What other libraries ask for: the Arrow PyCapsule interface, which knows no async form."""

    _downloaded: pa.RecordBatchReader | None = None
    """What was downloaded to tell its schema, until its records are asked for."""

    def __arrow_c_schema__(self) -> object:
        """The columns of the records, which are downloaded for that; the next `__arrow_c_stream__` hands them over.

        duckdb asks for it first.
        """
        self._downloaded = self._downloaded or self._read()
        schema: Any = self._downloaded.schema
        return schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The records as an Arrow stream: `pyarrow.table(data)`, `polars.DataFrame(data)`, duckdb's `FROM data`.

        Everything is downloaded first, into a temporary file, because the columns are known only at the end; each call
        starts afresh. Columns as in `to_arrow`.

        Args:
            requested_schema: The schema in which the caller would like the records, as a capsule.
        """
        stream: Any = self._downloaded or self._read()
        self._downloaded = None
        return stream.__arrow_c_stream__(requested_schema)

    def _read(self) -> pa.RecordBatchReader:
        return self._client._drive(arrow_stream(self._client._executor, self._queries, self._begin()))


class Data(_ArrowStream):
    """Records of a pad or site, or of corrected intervals, in the order in which the service sends them.

    The service promises no order: those of a site were seen to come in order of time, those of a pad site by site.

    A record is a dict: `timestamp` (unix seconds, UTC), `site_id`, and one number, string (valves: "O" open, "C"
    closed), boolean or None (missing) for each measured field. Whole numbers beyond 64 bits are floats here, and whole
    in files. Records differ in their fields. Units and labels of the
    fields are told by `get_fields_metadata()`.

    Nothing is downloaded until the records are asked for: one by one (iterate over the object or `data_fetcher`), in
    lists (`batches`), as a file (`save`), or as a table (`to_arrow`, `to_pandas`, `to_polars`, any library that reads
    Arrow streams). Each of them starts afresh. Memory stays small however many records there are, except in tables. A
    connection that breaks half way is taken up again, and each record comes once.

    Errors while downloading are `datastore_sdk.exceptions.RestreamError`s; a body that ends too early is one of them.
    """

    @property
    def data_fetcher(self) -> Generator[dict[str, Any], None, None]:
        """The records, one by one, as they arrive; a new download at every access."""
        return self._records()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._records()

    def batches(self, size: int = 10_000) -> Generator[list[dict[str, Any]], None, None]:
        """The records in lists, as they arrive; a new download at every call.

        Args:
            size: How many records are in each list; the last one may have fewer.

        Raises:
            TypeError: The size is not an int.
            ValueError: The size is not positive.
        """
        return self._batches(validate_id(size, "size"))

    def head(self, n: int = 5) -> list[dict[str, Any]]:
        """The first records; the download is given up behind them.

        Args:
            n: How many.

        Raises:
            TypeError: `n` is not an int.
            ValueError: `n` is not positive.
            RestreamError: The records could not be had.
        """
        with closing(self._batches(validate_id(n, "n"))) as lists:
            return next(lists, list[dict[str, Any]]())

    def to_arrow(self) -> pa.Table:
        """All records as a pyarrow table. Needs the extra `arrow`.

        A column for each field: those asked for by `fields`, whatever comes, else those that come, in order of first
        appearance; what a record does not have is null. `timestamp` is a moment in UTC, in milliseconds, or in
        microseconds where some have fractions of a second. Values keep their kind: int64, float64, bool or string; a
        string that looks like a number or a date stays a string. A column of ints and floats is float64 if every int is
        one exactly (up to 2**53). A column whose values are of several kinds, or do not fit (ints beyond 64 bits,
        strings with lone surrogates), is a string with the JSON text of each value.

        The metadata of a column has the `label` of its field and the `unit` of its values, where they are known; that
        takes one more call for each pad or site. If that call fails, the log warns and the records come without.

        Raises:
            ImportError: pyarrow is not installed.
            RestreamError: The records could not be had.
        """
        return self._client._drive(to_arrow(self._client._executor, self._queries, self._begin()))

    def to_pandas(self) -> pd.DataFrame:
        """All records as a pandas data frame. Needs the extra `pandas`.

        Columns as in `to_arrow`, with pandas' nullable types: Int64, Float64, boolean, string; `timestamp` is
        datetime64[ms, UTC], or [us, UTC] where some have fractions of a second. A column with nothing but missing
        values is Int64.

        Raises:
            ImportError: pandas or pyarrow is not installed.
            RestreamError: The records could not be had.
        """
        return self._client._drive(to_pandas(self._client._executor, self._queries, self._begin()))

    def to_polars(self) -> pl.DataFrame:
        """All records as a polars data frame. Needs the extra `polars`.

        Columns as in `to_arrow`; `timestamp` is Datetime("ms", "UTC"), or ("us", "UTC") where some have fractions of a
        second.

        Raises:
            ImportError: polars or pyarrow is not installed.
            RestreamError: The records could not be had.
        """
        return self._client._drive(to_polars(self._client._executor, self._queries, self._begin()))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        resume: bool = False,
        progress: bool | Callable[[Progress], None] = False,
        coverage: bool = False,
        min_gap: int = MIN_GAP,
    ) -> CoverageReport | None:
        """Saves the records to a file, in the format of its suffix.

        | suffix | format |
        |---|---|
        | `.json` | one JSON array, one record per line |
        | `.ndjson`, `.jsonl` | one JSON object per line |
        | `.csv` | one row per record; what a record does not have is an empty cell |
        | any of these and `.gz` | compressed with gzip |
        | any of these and `.zst` | compressed with Zstandard; needs the extra `zstd` |
        | `.parquet` | Parquet; needs the extra `arrow` |
        | `.arrow`, `.feather` | Arrow IPC, which is Feather version 2; needs the extra `arrow` |

        In text, values stand as the service sent them; in CSV without JSON's quotes and escapes, so that a lone
        surrogate, which UTF-8 has no place for, is read back with `errors="surrogatepass"`. Parquet and Arrow files
        have the columns of `to_arrow`, with their types and their units and labels. The columns of CSV files are chosen
        and ordered in the same way. Memory stays small whatever the format; tables take room on disk beside the file
        meanwhile.

        The file appears when it is whole; until then, and after any failure, whatever was there before is untouched.
        Missing folders are made.

        A complete file is never thrown away. If the target cannot be replaced (it is a mount of its own, or its folder
        renames nothing), its content is overwritten in place. If that is refused too (a program has it open), the file
        is saved under another name, which the error tells. A folder that cannot hold scratch files is spared them:
        they go to the temporary folder (`tempfile.gettempdir()`), which must have room then.

        With `resume=True` records go to a file beside it first, `<name>.partial`, which needs about as much room as
        NDJSON. Where a save fails or its process is killed, that file stays, and the same call with the same query goes
        on from it, today or tomorrow; then it goes away. What is there already is not asked for again, even where it
        was corrected meanwhile. Records that depend on their neighbours (a `resolution` other than 1 second,
        `aggregation`, `fill_data_method`) cannot be told from those that another run would give, so their query begins
        afresh, which is logged; of several queries (data changes) the finished ones are kept.

        Args:
            path: Where to save.
            overwrite: Whether a file that exists may be replaced.
            resume: Whether to go on from what an earlier save has left, and to leave something to go on from.
            progress: True shows how far the save has come: on a terminal, in a notebook, else every 10 s in the log
                (logger `datastore_sdk`, level INFO). A function is called with a `Progress` instead, a few times per
                second; an error that it raises ends the save.
            coverage: True: compare the records with what is expected, as `coverage()` does, while they are saved. Once
                the file is whole, the report is written beside it, as `<name>.coverage.json`, and one line is logged
                (logger `datastore_sdk`; INFO if the data is complete, else WARNING).
            min_gap: Seconds of the shortest gap that the report lists.

        Returns:
            The report with `coverage=True`, else None.

        Raises:
            FileExistsError: The file exists and `overwrite` is False; with `coverage=True` also for the report.
            IsADirectoryError: The path is a directory.
            ValueError: The suffix is none of those above, or the path is a URL (`s3://...`): save to a local file, then
                copy it there.
            TypeError: An argument is not of its type.
            ImportError: The format takes an extra that is not installed.
            ResumeError: The `.partial` file is of another query, was edited, or is in use by another process.
            OSError: The disk is full, or the target may not be written; the message tells where a complete file lies.
            RestreamError: The records could not be had.
        """
        return self._client._drive(
            self._saving(
                path, overwrite=overwrite, resume=resume, progress=progress, coverage=coverage, min_gap=min_gap
            )
        )

    def coverage(self, *, min_gap: int = MIN_GAP) -> CoverageReport:
        """Download all records and report how complete they are, in little memory.

        For each site: expected and received seconds, and the gaps with the stage at that time. Also: fields asked for
        by name that had no value in any record. `save(coverage=True)` reports the same of a file, without a second
        download.

        The requested time range says which seconds are expected, up to now. With a stage filter, the stages say so. If
        the range is open, seconds are expected from the first to the last record of the site. A routed pad is expected
        to have records of each of its sites. A record of a coarser `resolution` stands for its whole interval; those
        intervals are expected that lie within the range.

        Sites of routed pads, and stages if there are gaps, are requested after the records. If such a request fails,
        the report does without, and a warning is logged.

        Args:
            min_gap: Seconds of the shortest gap that is listed. Shorter ones count as missing seconds all the same.

        Raises:
            TypeError: `min_gap` is not an int.
            ValueError: `min_gap` is not positive.
            RestreamError: The records could not be had.
        """
        return self._client._drive(self._covered(min_gap))

    def _batches(self, size: int) -> Generator[list[dict[str, Any]], None, None]:
        waiting: list[dict[str, Any]] = []
        with closing(self._client._iterate(self._steps())) as lists:
            for records in lists:
                waiting += records
                while len(waiting) >= size:
                    yield waiting[:size]
                    del waiting[:size]
        if waiting:
            yield waiting

    def _records(self) -> Generator[dict[str, Any], None, None]:
        with closing(self._client._iterate(self._steps())) as lists:
            for records in lists:
                yield from records


class DataAsync(_Base):
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

    async def ahead(self, n: int = 5) -> list[dict[str, Any]]:
        """Async form of `Data.head`."""
        async with aclosing(self._batches(validate_id(n, "n"))) as lists:
            return await anext(lists, list[dict[str, Any]]())

    async def ato_arrow(self) -> pa.Table:
        """Async form of `Data.to_arrow`."""
        return await self._client._adrive(to_arrow(self._client._executor, self._queries, self._begin()))

    async def ato_pandas(self) -> pd.DataFrame:
        """Async form of `Data.to_pandas`."""
        return await self._client._adrive(to_pandas(self._client._executor, self._queries, self._begin()))

    async def ato_polars(self) -> pl.DataFrame:
        """Async form of `Data.to_polars`."""
        return await self._client._adrive(to_polars(self._client._executor, self._queries, self._begin()))

    async def asave(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        resume: bool = False,
        progress: bool | Callable[[Progress], None] = False,
        coverage: bool = False,
        min_gap: int = MIN_GAP,
    ) -> CoverageReport | None:
        """Async form of `Data.save`."""
        return await self._client._adrive(
            self._saving(
                path, overwrite=overwrite, resume=resume, progress=progress, coverage=coverage, min_gap=min_gap
            )
        )

    async def acoverage(self, *, min_gap: int = MIN_GAP) -> CoverageReport:
        """Async form of `Data.coverage`."""
        return await self._client._adrive(self._covered(min_gap))

    async def _batches(self, size: int) -> AsyncGenerator[list[dict[str, Any]], None]:
        waiting: list[dict[str, Any]] = []
        async with aclosing(self._client._aiterate(self._steps())) as lists:
            async for records in lists:
                waiting += records
                while len(waiting) >= size:
                    yield waiting[:size]
                    del waiting[:size]
        if waiting:
            yield waiting

    async def _records(self) -> AsyncGenerator[dict[str, Any], None]:
        async with aclosing(self._client._aiterate(self._steps())) as lists:
            async for records in lists:
                for record in records:
                    yield record
