"""The data source `restream`: records of wells, in batches and as a stream."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    InputPartition,
    LessThan,
    LessThanOrEqual,
)
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadLimit, ReadMaxRows, SupportsTriggerAvailableNow
from pyspark.sql.types import StructType

from datastore_sdk.data.schema import Schema
from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.short_errors import shorten_errors
from datastore_sdk.distributed.spark.options import SparkOptions
from datastore_sdk.distributed.spark.schema import from_struct, to_struct

_LAG_SECONDS = 120
"""Default age of the newest record that a stream reads."""
_MAX_SECONDS = 21_600
"""Default length of the time range that a batch of a stream reads."""


class RestreamDataSource(DataSource):
    """Records of wells: `spark.read.format("restream")` and `spark.readStream.format("restream")`.

    Options: `sites` ("981,982"), `pad`, `fleet_id` or `fleet_name`; `start`, `end` (ISO 8601); `fields`, `resolution`,
    `aggregation`, `si_units`, `seconds` and `profile` as for `Plan.of`. The columns come from `Site.get_schema`, unless
    `schema(...)` says others. At most three partitions read at a time. Each action downloads again.

    `pushdown` ("true") lets filters by `site_id` and `timestamp` restrict the download. It needs Spark's setting
    `spark.sql.python.filterPushdown.enabled`.

    A stream reads up to `lag` seconds ago (default: 120), at most `max_seconds` of time in a batch (default: 21600),
    and ends at `end`, if that is passed. Each second is read once, also after a restart from its checkpoint. Records
    that reach the service later than `lag`, and corrections, are data changes: see `RestreamChangesDataSource`.
    """

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "restream"

    @shorten_errors
    def schema(self) -> StructType:
        """Return the columns."""
        options, start = self._read_options()
        plan = options.plan(None, start, options.parse_time("end") or start)
        return to_struct(plan.rename_for("spark").schema)

    @shorten_errors
    def reader(self, schema: StructType) -> DataSourceReader:
        """Return a reader of a batch."""
        options, start = self._read_options()
        plan = options.plan(from_struct(schema, si_units=options.si_units), start, options.parse_required_time("end"))
        return FilteringReader(plan) if options.flag("pushdown") else Reader(plan)

    @shorten_errors
    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: N802 - pyspark's name
        """Return a reader of a stream."""
        options, _ = self._read_options()
        return StreamReader(options, from_struct(schema, si_units=options.si_units))

    def _read_options(self) -> tuple[SparkOptions, datetime]:
        options = SparkOptions(self.options)
        return options, options.parse_required_time("start")


@dataclass
class Share(InputPartition):
    """A partition: a share of a plan, or nothing. Spark needs at least one partition."""

    plan: Plan | None = None


def read_share(partition: InputPartition) -> Iterator[Any]:
    """Return the record batches of a partition."""
    return partition.plan.batches() if isinstance(partition, Share) and partition.plan else iter(())


class Reader(DataSourceReader):
    """Reader of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def partitions(self) -> Sequence[InputPartition]:
        """Return a partition for each of three shares."""
        return [*map(Share, self._plan.shares())] or [Share()]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """Return the record batches of a partition."""
        return read_share(partition)


class FilteringReader(Reader):
    """Reader that restricts its plan by filters. Spark applies them again."""

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:  # noqa: N802 - pyspark's name
        """Restrict the plan."""
        for each in filters:
            match each:
                case EqualTo(("site_id",), int(site)):
                    self._plan = self._plan.only(sites=[site])
                case In(("site_id",), sites):
                    self._plan = self._plan.only(sites=[site for site in sites if site is not None])
                case GreaterThanOrEqual(("timestamp",), datetime() as start) | GreaterThan(
                    ("timestamp",), datetime() as start
                ):
                    self._plan = self._plan.only(start=start.astimezone(UTC))
                case LessThanOrEqual(("timestamp",), datetime() as end) | LessThan(("timestamp",), datetime() as end):
                    self._plan = self._plan.only(end=end.astimezone(UTC))
                case _:
                    pass
        return filters


class StreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reader of a stream. An offset is the second before which everything was read."""

    def __init__(self, options: SparkOptions, schema: Schema) -> None:
        self._options = options
        self._schema = schema
        self._start = int(options.parse_required_time("start").timestamp())
        self._end = options.parse_time("end")
        self._lag = options.number("lag", _LAG_SECONDS)
        self._max_seconds = options.number("max_seconds", _MAX_SECONDS)
        self._interval = self._plan(self._start, self._start + 1).interval
        self._target: int | None = None

    def initialOffset(self) -> dict[str, int]:  # noqa: N802 - pyspark's name
        """Return the offset of a new stream."""
        return {"second": self._start}

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802 - pyspark's name
        """Return the limit of a batch: a record of each well for each second."""
        return ReadMaxRows(self._max_seconds)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802 - pyspark's name
        """Fix the end of the stream."""
        self._target = self._readable_until()

    @shorten_errors
    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:  # noqa: N802 - pyspark's name
        """Return the offset at which the next batch ends."""
        second, until = start["second"], self._target or self._readable_until()
        if not isinstance(limit, ReadAllAvailable):
            until = min(until, second + max(self._max_seconds, self._interval))
        if until != self._last_offset:
            until -= until % self._interval  # a part of an interval would have other values than the whole
        return {"second": max(second, until)}

    @shorten_errors
    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        """Return the partitions of a batch."""
        if end["second"] <= start["second"]:
            return [Share()]
        # The plan ends after the batch, so that records between its last second and the next are part of it.
        plan = self._plan(start["second"], end["second"]).only(end=datetime.fromtimestamp(end["second"] - 1, UTC))
        return [*map(Share, plan.shares())]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """Return the record batches of a partition."""
        return read_share(partition)

    @property
    def _last_offset(self) -> int | None:
        return None if self._end is None else int(self._end.timestamp()) + 1

    def _readable_until(self) -> int:
        until = int(time.time()) - self._lag
        return until if self._last_offset is None else min(until, self._last_offset)

    def _plan(self, start: int, end: int) -> Plan:
        first, last = (datetime.fromtimestamp(second, UTC) for second in (start, end))
        return self._options.plan(self._schema, first, last)
