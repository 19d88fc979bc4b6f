"""The data source `restream.changes`: corrections of historical data, as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadLimit
from pyspark.sql.types import LongType, StringType, StructField, StructType, TimestampType

from datastore_sdk.client import Client
from datastore_sdk.distributed.short_errors import shorten_errors
from datastore_sdk.distributed.spark.options import SparkOptions
from datastore_sdk.distributed.wells import client_of, fetch_site_ids
from datastore_sdk.entities import DataChange, Site

Row = tuple[int, int, datetime | None, str | None, str | None, datetime, datetime]

_SCHEMA = StructType(
    [
        StructField("id", LongType()),
        StructField("site_id", LongType()),
        StructField("created_at", TimestampType()),
        StructField("modification_type", StringType()),
        StructField("modification_subtype", StringType()),
        StructField("start_date", TimestampType()),
        StructField("end_date", TimestampType()),
    ]
)


class RestreamChangesDataSource(DataSource):
    """Data changes of wells: `spark.readStream.format("restream.changes")`.

    A row is a change: `id`, `site_id`, `created_at`, `modification_type`, `modification_subtype`, and the corrected
    interval `start_date` to `end_date`, both included. Each change comes once, also after a restart from the
    checkpoint. Acknowledged changes come too. Nothing is acknowledged: do that when a change is applied, by
    `DataChange(id, site=site_id).confirm_data_received()`.

    Options: `sites`, `pad`, `fleet_id` or `fleet_name`, and `profile`, as for `restream`.
    """

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "restream.changes"

    def schema(self) -> StructType:
        """Return the columns."""
        return _SCHEMA

    @shorten_errors
    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: ARG002, N802 - pyspark's names
        """Return a reader of a stream."""
        return ChangesReader(SparkOptions(self.options))


@dataclass
class Changes(InputPartition):
    """The changes of a batch."""

    rows: list[Row]


class ChangesReader(DataSourceStreamReader):
    """Reader of changes. An offset is the ids of all changes so far: the service promises no order of them."""

    def __init__(self, options: SparkOptions) -> None:
        self._options = options

    def initialOffset(self) -> dict[str, list[int]]:  # noqa: N802 - pyspark's name
        """Return the offset of a new stream."""
        return {"ids": []}

    @shorten_errors
    def latestOffset(self, start: dict[str, list[int]], limit: ReadLimit) -> dict[str, list[int]]:  # noqa: ARG002, N802
        """Return the offset with the changes that are listed now."""
        return {"ids": sorted({*start["ids"], *(change.id for change in self._fetch_changes())})}

    @shorten_errors
    def partitions(self, start: dict[str, list[int]], end: dict[str, list[int]]) -> Sequence[InputPartition]:
        """Return a partition with the changes of a batch."""
        new = {*end["ids"]} - {*start["ids"]}
        return [Changes([_to_row(change) for change in self._fetch_changes() if change.id in new] if new else [])]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """Yield the rows of a partition."""
        if isinstance(partition, Changes):
            yield from partition.rows

    def _fetch_changes(self) -> list[DataChange]:
        wells = self._options.wells()
        client = client_of(wells, None, self._options.profile)
        site_ids = client._drive(fetch_site_ids(client, wells))
        found = [change for id_ in site_ids for change in _fetch_of_site(client, id_)]
        return [*{change.id: change for change in found}.values()]


def _fetch_of_site(client: Client, site_id: int) -> list[DataChange]:
    changes, _ = Site(id=site_id, client=client).get_data_changes(get_acknowledged=True)
    return [*changes]


def _to_row(change: DataChange) -> Row:
    return (
        change.id,
        change.site_id,
        change.get("created_at"),
        change.get("modification_type"),
        change.get("modification_subtype"),
        change.start_date,
        change.end_date,
    )
