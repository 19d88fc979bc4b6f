"""`Plan`: a download in independent slices, which engines read in other threads, processes and machines."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk._utils.validation import (
    parse_names,
    round_to_second,
    validate_choice,
    validate_contains_second,
    validate_flag,
    validate_id,
    validate_range,
)
from datastore_sdk.client import Client
from datastore_sdk.data.estimate import Estimate, estimate_download
from datastore_sdk.data.query import MAX_PARALLEL, DataQuery
from datastore_sdk.data.schema import EXTRA_COLUMN, Engine, Schema, validate_schema
from datastore_sdk.distributed.columns import (
    get_column_names,
    get_fields,
    select_columns,
    select_fields,
    validate_columns,
)
from datastore_sdk.distributed.reader import SliceRequests, name_in_errors, read_slices
from datastore_sdk.distributed.schema_union import infer_union
from datastore_sdk.distributed.short_errors import iterate_with_short_errors
from datastore_sdk.distributed.slice_files import SliceFiles
from datastore_sdk.distributed.slices import Slice, cut_slices, restrict_slices
from datastore_sdk.distributed.wells import Wells, client_of, fetch_site_ids
from datastore_sdk.distributed.worker_client import worker_client
from datastore_sdk.enums import AggregationName, DataAggregations, DataResolutions, ResolutionName

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """A download in independent slices with a fixed schema. It holds no credentials, so that it can leave the machine.

    `Plan.of` makes one. Libraries that read Arrow streams read it as it is: `pyarrow.table(plan)`,
    `polars.DataFrame(plan)`, `pandas.DataFrame.from_arrow(plan)`, duckdb's `FROM plan`, and
    `deltalake.write_deltalake(path, plan)`. Records come slice by slice, within a slice in the service's order.

    A pickled plan names its service and its profile. Where it is read, credentials come from that profile, or from the
    environment. In the process that made it, the client passed to `Plan.of` is used. There are no async forms: engines
    read plans in threads and processes of their own.

    The service allows three calls at a time for the same credentials. The processes of one machine keep to that by
    themselves. Over several machines, use at most three tasks in all, each with one share of `shares(3)`.
    """

    slices: tuple[Slice, ...]
    """The slices, in order."""
    schema: Schema
    """The schema of all records, with units and labels."""
    columns: tuple[str, ...]
    """Names of the columns that are read, in order."""
    _: KW_ONLY
    base_url: str
    """Scheme and host of the service."""
    profile: str | None
    """Name of the profile that has the credentials; None: the environment."""
    parallel: int
    """Number of slices to download at a time, if the reader does not say so."""
    _requests: SliceRequests
    _client: Client | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        wells: Wells,
        start: datetime | str,
        end: datetime | str,
        *,
        fields: str | Sequence[str] | None = None,
        resolution: DataResolutions | ResolutionName = DataResolutions.SECOND,
        aggregation: DataAggregations | AggregationName | None = None,
        si_units: bool = False,
        seconds: int = 21_600,
        client: Client | None = None,
        profile: str | None = None,
        schema: Schema | None = None,
    ) -> Plan:
        """Plan the download of wells and a time range.

        Without `schema`, the columns of each site are inferred as in `Site.get_schema` (three requests a site). The
        plan has the columns of all sites, sorted by name. If sites differ in the type of a column, numbers and flags
        are float64, everything else is a string.

        Args:
            wells: A site, a pad (which stands for its sites, requested once), a list of them, or filters of sites
                (`AllSiteFilters`), such as `{"fleet_id": 3}`.
            start: Start, included. A datetime with a time zone, or ISO 8601 text.
            end: End, included. A datetime with a time zone, or ISO 8601 text.
            fields: Names of the fields, as a sequence or joined by commas. Default: all, or those of `schema`.
            resolution: Interval that one record covers: 1 s ("raw"), "ten-second", "minute", "ten-minute" or "hour".
            aggregation: How the values within one interval become one value: "min", "max" or "mean".
            si_units: True: SI units. Default: oilfield units.
            seconds: Length of a slice in seconds. It is rounded down to whole intervals.
            client: Client for this process. Default: the client of the wells, of the profile, or of the environment.
            profile: Name of the profile with the credentials, here and where the plan is read. Default: the
                environment.
            schema: The columns, as `get_schema()` returned them; nothing is then requested for sites.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A time has no time zone, the end is before the start, a field is unknown, there are no sites, or
                arguments do not go together.
            MissingCredentialsError: There are no credentials.
            RestreamError: A request failed, for example since a site is not visible.
        """
        first, last = _validate_range(start, end)
        requests = SliceRequests(
            parse_names(fields, "fields"),
            validate_choice(DataResolutions, resolution, "resolution"),
            validate_choice(DataAggregations, aggregation, "aggregation"),
            validate_flag(si_units, "si_units"),
            last,
        )
        length = validate_id(seconds, "seconds")
        validate_schema(schema, "null", si_units=requests.si_units)
        known = None if schema is None else select_fields(schema, requests.fields)
        own_client = client_of(wells, client, profile)
        site_ids = own_client._drive(fetch_site_ids(own_client, wells))
        if known is None:
            known = own_client._drive(infer_union(own_client._executor, site_ids, requests))
        elif known.unknown_fields == "drop":
            requests = msgspec.structs.replace(requests, fields=get_fields(known))
        return cls(
            cut_slices(site_ids, first, last, seconds=length, interval=requests.interval),
            known,
            get_column_names(known),
            base_url=own_client.base_url,
            profile=profile,
            parallel=MAX_PARALLEL,
            _requests=requests,
            _client=own_client,
        )

    @property
    def interval(self) -> int:
        """Seconds that one record stands for."""
        return self._requests.interval

    def only(
        self,
        columns: Iterable[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        sites: Iterable[int] | None = None,
    ) -> Plan:
        """Return a plan for part of the records, so that only that part is downloaded.

        The records do not depend on the columns: a record without values is read too.

        Args:
            columns: Names of columns, in the order to read them. Default: all.
            start: Start, included; rounded down to whole intervals. Default: no limit.
            end: End, included; rounded up to whole intervals. Default: no limit.
            sites: Ids of the sites. Default: all.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A column is unknown or repeated, or a time has no time zone.
        """
        first, last = validate_range(start, end, "start", "end")
        from_second, to_second = round_to_second(first, up=False), round_to_second(last, up=False)
        slices = restrict_slices(
            self.slices,
            int(from_second.timestamp()) if from_second else None,
            int(to_second.timestamp()) if to_second else None,
            None if sites is None else {validate_id(site, "an item of sites") for site in sites},
            interval=self.interval,
        )
        return replace(
            self, slices=slices, columns=self.columns if columns is None else validate_columns(self.schema, columns)
        )

    def shares(self, n: int = MAX_PARALLEL) -> list[Plan]:
        """Return plans that together have all slices, for as many tasks. Slices are dealt out in turn.

        Tasks on several machines read one share each, and so keep to the service's limit of three calls at a time.

        Args:
            n: Number of shares; if there are fewer slices, there are fewer shares.

        Raises:
            TypeError: `n` is not an int.
            ValueError: `n` is not positive.
        """
        number = min(validate_id(n, "n"), len(self.slices))
        parallel = max(self.parallel // number, 1) if number else self.parallel
        return [replace(self, slices=self.slices[index::number], parallel=parallel) for index in range(number)]

    def rename_for(self, engine: Engine) -> Plan:
        """Return the plan with column names that an engine accepts, which ignores upper and lower case.

        See `Schema.rename_for`.

        Args:
            engine: `duckdb` or `spark`.

        Raises:
            ValueError: The engine is unknown.
        """
        renamed = self.schema.rename_for(engine)
        names = dict(zip(get_column_names(self.schema), get_column_names(renamed), strict=True))
        return replace(self, schema=renamed, columns=tuple(names[name] for name in self.columns))

    def read(self, slice: Slice) -> Generator[pa.RecordBatch, None, None]:
        """Return the records of one slice as record batches, as they arrive. Needs the extra `arrow`.

        Args:
            slice: One of `slices`.

        Raises:
            ImportError: pyarrow is not installed.
            MissingCredentialsError: This process has no credentials.
            ConfigurationError: The environment or the profile configures another service.
            RestreamError: The download failed; the message names the slice.
        """
        return self._read([slice], 1)

    def batches(self, parallel: int | None = None) -> Generator[pa.RecordBatch, None, None]:
        """Return the records of all slices as record batches, in order of the slices. Needs the extra `arrow`.

        Memory use does not depend on the number of slices.

        Args:
            parallel: Number of slices to download at a time, 1 to 3. Default: 3; for one of three shares, 1.

        Raises:
            ImportError: pyarrow is not installed.
            ValueError: `parallel` is not from 1 to 3.
            MissingCredentialsError: This process has no credentials.
            ConfigurationError: The environment or the profile configures another service.
            RestreamError: The download failed; the message names the slice.
        """
        return self._read(self.slices, self._choose_parallel(parallel))

    def save(self, folder: str | os.PathLike[str], *, parallel: int | None = None) -> list[Path]:
        """Save each slice to a Parquet file of its own, and return their paths. Needs the extra `arrow`.

        A file appears when it is complete. Slices whose file is there are not downloaded again, so that a task that
        failed can be repeated, and tasks on several machines can save shares to the same folder. To read the folder,
        pass it to `polars.read_parquet`, `pyarrow.dataset.dataset`, DuckDB, Spark or others.

        Args:
            folder: The folder; created if it is missing.
            parallel: Number of slices to download at a time, 1 to 3. Default: 3; for one of three shares, 1.

        Raises:
            FileExistsError: The folder has files of another download: with other columns, units or resolution, or of a
                time that overlaps a slice, so that readers of the folder would get records twice.
            ImportError: pyarrow is not installed.
            OSError: A file cannot be written.
            ValueError: `parallel` is not from 1 to 3, or the folder is a URL.
            MissingCredentialsError: This process has no credentials.
            ConfigurationError: The environment or the profile configures another service.
            RestreamError: The download failed; the message names the slice. Complete files stay.
        """
        number = self._choose_parallel(parallel)
        files = SliceFiles(
            folder,
            base_url=self.base_url,
            requests=self._build_requests(),
            schema=self._choose_schema(),
            columns=self.to_arrow_schema(),
        )
        if missing := files.find_missing(self.slices):
            client = self._resolve_client(missing)
            for _ in iterate_with_short_errors(
                lambda: client._iterate(files.save(client._executor, missing, parallel=number))
            ):
                pass
        return [*map(files.path_of, self.slices)]

    def estimate(self) -> Estimate:
        """Estimate the size and duration of the download from at most five short samples; see `Data.estimate`.

        Raises:
            RestreamError: A request failed.
        """
        client, requests = self._resolve_client(self.slices), self._build_requests()
        estimate = client._drive(estimate_download(client._executor, [*map(requests.query, self.slices)]))
        return msgspec.structs.replace(estimate, seconds=estimate.seconds / self.parallel)

    def to_arrow_schema(self) -> pa.Schema:
        """Return the columns for pyarrow, with units and labels as metadata. Needs the extra `arrow`.

        Raises:
            ImportError: pyarrow is not installed.
        """
        require_extra("pyarrow", extra="arrow")
        import pyarrow as pa

        schema = self.schema.to_arrow()
        return pa.schema([schema.field(name) for name in self.columns]).with_metadata(schema.metadata)

    def __arrow_c_schema__(self) -> object:
        """Return the columns as an Arrow schema. Nothing is downloaded."""
        schema: Any = self.to_arrow_schema()
        return schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the records of all slices as an Arrow stream. Each call downloads again.

        Args:
            requested_schema: The schema that the caller prefers, as a capsule.
        """
        import pyarrow as pa

        stream: Any = pa.RecordBatchReader.from_batches(self.to_arrow_schema(), self.batches())
        return stream.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        sites = len({each.site_id for each in self.slices})
        starts, ends = [each.start for each in self.slices], [each.end for each in self.slices]
        extent = f"{_format_second(min(starts))} to {_format_second(max(ends))}, " if starts else ""
        return (
            f"Plan({sites} site{'s' * (sites != 1)}, {extent}{self._requests.resolution}, {len(self.slices):,} "
            f"slice{'s' * (len(self.slices) != 1)}, {len(self.columns)} columns)"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "_client"}
        return _rebuild, (values,)

    def _read(self, slices: Sequence[Slice], parallel: int) -> Generator[pa.RecordBatch, None, None]:
        return iterate_with_short_errors(partial(self._download, slices, parallel))

    def _download(self, slices: Sequence[Slice], parallel: int) -> Generator[pa.RecordBatch, None, None]:
        client, schema = self._resolve_client(slices), self._choose_schema()
        steps = read_slices(client._executor, slices, self._build_requests(), schema, self.columns, parallel=parallel)
        return client._iterate(steps)

    def _choose_schema(self) -> Schema:
        """Return the schema that records are parsed with: no more columns than those that are read need."""
        if self._has_all_columns:
            return self.schema
        # A request without fields would return all of them, so there is at least one.
        chosen = select_columns(self.schema, self.columns) or select_columns(self.schema, self.schema.names[:3])
        return chosen if chosen and get_fields(chosen) else self.schema

    def _build_requests(self) -> SliceRequests:
        fields = self._requests.fields if self._has_all_columns else get_fields(self._choose_schema())
        return msgspec.structs.replace(self._requests, fields=fields)

    @property
    def _has_all_columns(self) -> bool:
        return self.columns == get_column_names(self.schema) or EXTRA_COLUMN in self.columns

    def _resolve_client(self, slices: Sequence[Slice]) -> Client:
        """Return the client to read some slices with. An error names the first of them."""
        with name_in_errors(slices[0]) if slices else nullcontext():
            return self._client or worker_client(self.profile, self.base_url)

    def _choose_parallel(self, parallel: int | None) -> int:
        if parallel is not None and validate_id(parallel, "parallel") > MAX_PARALLEL:
            raise ValueError(f"parallel must be from 1 to {MAX_PARALLEL}, not {parallel}: the service allows no more")
        return parallel or self.parallel


def _rebuild(values: dict[str, Any]) -> Plan:
    return Plan(**values)


def _validate_range(start: object, end: object) -> tuple[int, int]:
    """Return first and last second.

    Raises:
        TypeError: A time is missing, or not a datetime.
        ValueError: A time has no time zone, or no second lies between them.
    """
    for name, value in (("start", start), ("end", end)):
        if value is None:
            raise TypeError(f"{name} must be a datetime, not None: a plan needs the whole time range")
    first, last = validate_range(start, end, "start", "end")
    validate_contains_second(first, last, "start", "end")
    seconds = DataQuery(source="site", id=1, start=first, end=last).timestamps()
    return seconds[0], seconds[-1]


def _format_second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
