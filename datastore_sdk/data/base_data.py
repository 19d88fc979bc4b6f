"""Base class of `Data` and `DataAsync`: the queries, their representation, and the effects of the calls."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Self

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.client import Client
from datastore_sdk.client.in_memory import create_in_memory_client, encode_records
from datastore_sdk.data.coverage.report import CoverageReport
from datastore_sdk.data.dataframes import record_batches, to_arrow, to_pandas, to_polars
from datastore_sdk.data.estimate import Estimate, estimate_download
from datastore_sdk.data.progress import DownloadState, ProgressCallback
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.saving.save import save_records
from datastore_sdk.data.schema import OnMismatch, Schema, validate_schema
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.records import stream_batches

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_MAX_SHOWN_QUERIES = 5
"""Maximum number of queries in a representation."""


class BaseData:
    """Base class of `Data` and `DataAsync`."""

    def __init__(self, client: Client, queries: Sequence[DataQuery]) -> None:
        self._client = client
        self._queries = tuple(queries)
        self._download = DownloadState()

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> Self:
        """Return data with the given records, for tests of your own programs. No request is made.

        The data behaves like downloaded data: it iterates, saves, and converts to tables, any number of times.

        Args:
            records: The records, as dicts: `timestamp` (unix seconds, or a datetime with a time zone), `site_id`, and
                any fields.

        Raises:
            TypeError: A record is not a dict, or has a value that a record cannot have.
            ValueError: A datetime has no time zone.
        """
        rows = [*records]
        client = create_in_memory_client(encode_records(rows))
        site_ids = {row.get("site_id") for row in rows}
        site_id = site_ids.pop() if len(site_ids) == 1 else None
        if type(site_id) is int and site_id > 0:
            return cls(client, [DataQuery(source="site", id=site_id)])
        return cls(client, [DataQuery(source="pad", id=1, is_routed=True)])

    @property
    def queries(self) -> tuple[DataQuery, ...]:
        """The requested data; for data changes, one query for each corrected interval of a site."""
        return self._queries

    @property
    def resumptions(self) -> int:
        """Number of times that the current or last download was resumed after a break."""
        return self._download.resumptions

    def __repr__(self) -> str:
        shown = map(str, self._queries[:_MAX_SHOWN_QUERIES])
        return f"{type(self).__name__}({', '.join([*shown, *_describe_remaining(self._queries)])})"

    def _repr_html_(self) -> str:
        """Return a table with a column for each query. Nothing is downloaded."""
        from html import escape  # only notebooks need it

        columns = [query.arguments() for query in self._queries[:_MAX_SHOWN_QUERIES]]
        arguments = dict.fromkeys(argument for column in columns for argument in column)
        rows = "".join(
            f"<tr><th>{escape(argument)}</th>{''.join(_format_cell(column.get(argument)) for column in columns)}</tr>"
            for argument in arguments
        )
        footer = "".join(f"<p>{escape(text)}</p>" for text in _describe_remaining(self._queries))
        return f"<p><b>{escape(type(self).__name__)}</b></p><table>{rows}</table>{footer}"

    def _start_download(self) -> DownloadState:
        self._download = DownloadState()
        return self._download

    def _stream(self) -> EffectGen[None]:
        return stream_batches(self._client._executor, self._queries, self._start_download(), DICTS)

    def _save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool,
        resume: bool,
        progress: bool | ProgressCallback,
        coverage: bool,
        min_gap: int,
        schema: Schema | None,
        on_mismatch: OnMismatch,
    ) -> EffectGen[CoverageReport | None]:
        self._validate_schema(schema, on_mismatch)
        return save_records(
            self._client._executor,
            self._queries,
            path,
            self._start_download(),
            overwrite=overwrite,
            resume=resume,
            progress=progress,
            coverage=coverage,
            min_gap=min_gap,
            schema=schema,
            on_mismatch=on_mismatch,
        )

    def _to_arrow(self, schema: Schema | None, on_mismatch: OnMismatch) -> EffectGen[pa.Table]:
        self._validate_schema(schema, on_mismatch)
        return to_arrow(self._client._executor, self._queries, self._start_download(), schema, on_mismatch)

    def _to_pandas(
        self, schema: Schema | None, on_mismatch: OnMismatch, tz: str | tzinfo, naive: bool
    ) -> EffectGen[pd.DataFrame]:
        from datastore_sdk._utils.time_zones import validate_time_zone  # seldom needed

        self._validate_schema(schema, on_mismatch)
        zone, naive = validate_time_zone(tz), validate_flag(naive, "naive")
        executor, download = self._client._executor, self._start_download()
        return to_pandas(executor, self._queries, download, schema, on_mismatch, tz=zone, naive=naive)

    def _to_polars(
        self, schema: Schema | None, on_mismatch: OnMismatch, tz: str | tzinfo, naive: bool
    ) -> EffectGen[pl.DataFrame]:
        from datastore_sdk._utils.time_zones import validate_time_zone  # seldom needed

        self._validate_schema(schema, on_mismatch)
        zone, naive = validate_time_zone(tz), validate_flag(naive, "naive")
        executor, download = self._client._executor, self._start_download()
        return to_polars(executor, self._queries, download, schema, on_mismatch, tz=zone, naive=naive)

    def _record_batches(self, schema: Schema, on_mismatch: OnMismatch) -> EffectGen[None]:
        self._validate_schema(schema, on_mismatch)
        return record_batches(self._client._executor, self._queries, self._start_download(), schema, on_mismatch)

    def _validate_schema(self, schema: object, on_mismatch: str) -> None:
        units = [query.si_units for query in self._queries[:1]]
        validate_schema(schema, on_mismatch, si_units=any(units))

    def _coverage(self, min_gap: int) -> EffectGen[CoverageReport]:
        from datastore_sdk.data.coverage.builder import download_coverage  # seldom needed

        return download_coverage(self._client._executor, self._queries, self._start_download(), min_gap)

    def _estimate(self) -> EffectGen[Estimate]:
        return estimate_download(self._client._executor, self._queries)


def _describe_remaining(queries: Sequence[DataQuery]) -> list[str]:
    remaining = len(queries) - _MAX_SHOWN_QUERIES
    return [f"and {remaining} more"] if remaining > 0 else []


def _format_cell(value: object) -> str:
    from html import escape  # only notebooks need it

    if isinstance(value, list):
        items: list[object] = [*value]
        value = ", ".join(map(str, items))
    return f"<td>{'' if value is None else escape(str(value))}</td>"
