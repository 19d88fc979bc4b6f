"""Mirror in a folder or bucket of Delta tables.

A Delta commit is atomic, but covers one table. So an update is several commits in an order that makes repeating it
harmless: the schema first, then the records, whose intervals are replaced as a whole, the cursor, and the ledger last.
Killed in between, the next cycle does the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from datastore_sdk.exceptions import MirrorConflictError, MirrorError
from datastore_sdk.mirror.columns import start_schema
from datastore_sdk.mirror.download import records_schema
from datastore_sdk.mirror.spans import Span, from_second
from datastore_sdk.mirror.stores.arrow_rows import rows_to_arrow, table_schema
from datastore_sdk.mirror.stores.base import RecordsUpdate, StoreMissingError, Update, check_revisions
from datastore_sdk.mirror.tables import FIELDS, INFO, RECORDS, STATE, TABLES, Row, Table, TableUpdate

DAY_COLUMN = "day"
"""Column of `records` by which it is partitioned, after `site_id`."""
_HOUSEKEEPING = 50
"""Number of commits to a table after which files that no recent version needs are deleted."""
_KEEP_HOURS = 24
"""Hours for which readers can still read older versions."""


class DeltaStore:
    """A folder or bucket with one Delta table for each table of the mirror.

    Args:
        root: Path or URL (`s3://bucket/lake`) of the folder. Credentials of buckets come from the environment.
    """

    def __init__(self, root: str) -> None:
        self.name = f"delta:{root}"
        self._root = root.rstrip("/")

    def open(self, *, create: bool = False) -> None:
        """Create the tables if they are missing."""
        with self._convert_errors():
            if DeltaTable.is_deltatable(self._uri(INFO.name)):
                return
            if not create:
                raise StoreMissingError(self.name)
            if "://" not in self._root:
                Path(self._root).mkdir(parents=True, exist_ok=True)
            schema = records_schema(start_schema(si_units=False)).append(pa.field(DAY_COLUMN, pa.date32()))
            self._create(RECORDS, schema, ["site_id", DAY_COLUMN])
            for table in reversed(TABLES):  # the first one, by which a mirror is recognized, comes last
                self._create(table.name, table_schema(table), [])

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def read(self, table: Table) -> list[Row]:
        """Return all rows of a table."""
        with self._convert_errors():
            rows: list[Row] = self._table(table.name).to_pyarrow_dataset().to_table().to_pylist()
        return [
            {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}
            for row in rows
        ]

    def read_records(self, site_id: int, span: Span) -> Iterator[pa.RecordBatch]:
        """Yield the records of a site and span."""
        with self._convert_errors():
            dataset = self._table(RECORDS).to_pyarrow_dataset()
            time = pc.field("timestamp")
            first, end = (pa.scalar(from_second(second), pa.timestamp("us", "UTC")) for second in span)
            wanted = (pc.field("site_id") == site_id) & (time >= first) & (time < end)
            yield from dataset.to_table(filter=wanted).to_batches()

    def count_records(self) -> dict[int, int]:
        """Return the number of records by site."""
        with self._convert_errors():
            sites = self._table(RECORDS).to_pyarrow_dataset().to_table(columns=["site_id"])
            counts = sites.group_by("site_id").aggregate([([], "count_all")]).to_pylist()
        return {row["site_id"]: row["count_all"] for row in counts}

    def apply(self, update: Update) -> None:
        """Carry out an update: schema, records, other tables in their order."""
        with self._convert_errors():
            records = self._table(RECORDS)  # before the check: a later commit of another mirror is then a conflict
            self._check_revisions(update)
            early = [table for table in update.tables if table.table in (INFO, FIELDS)]
            for table in early:
                self._replace_rows(table)
            if update.records is not None:
                self._replace_records(records, update.records)
            for predicate in _deletions(update):
                self._commit(partial(self._table(RECORDS).delete, predicate))
            for table in update.tables:
                if table not in early:
                    self._replace_rows(table)

    def _replace_records(self, table: DeltaTable, update: RecordsUpdate) -> None:
        schema = records_schema(update.schema).append(pa.field(DAY_COLUMN, pa.date32()))
        rows = pa.RecordBatchReader.from_batches(schema, map(_add_day, update.read()))
        application = f"restream-site-{update.site_id}"
        version = (table.transaction_version(application) or 0) + 1
        properties = CommitProperties(app_transactions=[Transaction(application, version)])
        predicate = _in_spans(update.site_id, update.spans)
        self._commit(
            lambda: write_deltalake(
                table, rows, mode="overwrite", predicate=predicate, schema_mode="merge", commit_properties=properties
            )
        )
        self._keep_house(RECORDS)

    def _replace_rows(self, update: TableUpdate) -> None:
        keys = update.replaced
        if not keys:
            return
        predicate = " or ".join(f"({_equal(key)})" for key in keys)
        rows = rows_to_arrow(update.table, update.rows)
        uri = self._uri(update.table.name)
        self._commit(lambda: write_deltalake(uri, rows, mode="overwrite", predicate=predicate))
        self._keep_house(update.table.name)

    def _commit(self, write: Callable[[], object]) -> None:
        """Carry out one commit."""
        write()

    def _check_revisions(self, update: Update) -> None:
        if update.revisions:
            check_revisions(self.name, update.revisions, {row["site_id"]: row["revision"] for row in self.read(STATE)})

    def _keep_house(self, name: str) -> None:
        """Delete files that no recent version needs, now and then."""
        table = self._table(name)
        if table.version() % _HOUSEKEEPING == 0:
            table.create_checkpoint()
            table.vacuum(retention_hours=_KEEP_HOURS, dry_run=False, enforce_retention_duration=False)
            table.cleanup_metadata()

    def _create(self, name: str, schema: pa.Schema, partitions: Sequence[str]) -> None:
        DeltaTable.create(self._uri(name), schema, mode="ignore", partition_by=[*partitions])

    def _table(self, name: str) -> DeltaTable:
        return DeltaTable(self._uri(name))

    def _uri(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _convert_errors(self) -> Generator[None]:
        try:
            yield
        except MirrorError:
            raise
        except CommitFailedError as error:
            raise MirrorConflictError(f"{self.name}: another program wrote to it at the same time. {error}") from error
        except (DeltaError, OSError) as error:
            raise MirrorError(f"{self.name} cannot be read or written. {error}") from error


def _add_day(batch: pa.RecordBatch) -> pa.RecordBatch:
    days: Any = pc.floor_temporal(batch.column("timestamp"), unit="day")
    return batch.append_column(pa.field(DAY_COLUMN, pa.date32()), days.cast(pa.timestamp("us")).cast(pa.date32()))


def _deletions(update: Update) -> list[str]:
    return [f"site_id = {site}" for site in update.forgotten_sites] + [
        f"site_id = {site} and timestamp < {_literal(from_second(second))}" for site, second in update.trimmed
    ]


def _in_spans(site_id: int, spans: Iterable[Span]) -> str:
    """Return the predicate of records, with the days, so that only their files are read."""
    parts = [
        f"({DAY_COLUMN} >= '{span.start_datetime:%Y-%m-%d}' and {DAY_COLUMN} <= '{span.last_datetime:%Y-%m-%d}'"
        f" and timestamp >= {_literal(from_second(span.first))} and timestamp < {_literal(from_second(span.end))})"
        for span in spans
    ]
    return f"site_id = {site_id} and ({' or '.join(parts)})"


def _equal(row: Row) -> str:
    return " and ".join(
        f"{name} is null" if value is None else f"{name} = {_literal(value)}" for name, value in row.items()
    )


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"'{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}'"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
