"""Protocol of stores: read tables, and carry out an update completely or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from datastore_sdk.data.schema import Schema
from datastore_sdk.exceptions import MirrorConflictError, MirrorError
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.tables import Row, Table, TableUpdate

if TYPE_CHECKING:
    import pyarrow as pa


class RecordsUpdate(Struct, frozen=True):
    """Records of one site that replace everything in some spans."""

    site_id: int
    spans: tuple[Span, ...]
    schema: Schema
    """Columns of `records` from now on. Columns that the table lacks are added."""
    read: Callable[[], Iterable[pa.RecordBatch]]
    """Reads the records, as batches of `download.records_schema(schema)`."""


class Update(Struct, frozen=True):
    """Changes that a store carries out together."""

    tables: tuple[TableUpdate, ...] = ()
    """Rows of tables, in the order in which stores without transactions write them: after the records."""
    records: RecordsUpdate | None = None
    revisions: tuple[tuple[int, int], ...] = ()
    """Sites and their expected `revision` in `mirror_state`. If one differs, another mirror has written."""
    forgotten_sites: tuple[int, ...] = ()
    """Sites whose records are deleted."""
    trimmed: tuple[tuple[int, int], ...] = ()
    """Sites and unix seconds: records before them are deleted."""


def check_revisions(name: str, expected: Iterable[tuple[int, int]], stored: Mapping[int, int]) -> None:
    """Check that no other mirror has written to the sites of an update.

    Args:
        name: Name of the store.
        expected: Sites and their expected revisions.
        stored: Revisions in the store, by site.

    Raises:
        MirrorConflictError: A revision differs.
    """
    for site, revision in expected:
        if stored.get(site, 0) != revision:
            raise MirrorConflictError(
                f"{name}: another mirror wrote to site {site} at the same time; nothing was stored. Run one mirror for "
                "each store"
            )


class StoreMissingError(MirrorError):
    """There is no mirror in the store yet."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no mirror yet: add a pad or site first")


class Store(Protocol):
    """Store of one mirror. It is open only between `open` and `close`, so that others can use it in between."""

    name: str
    """Name for messages, without secrets."""

    def open(self, *, create: bool = False) -> None:
        """Connect.

        Args:
            create: Whether to create the tables if the store is new.

        Raises:
            StoreMissingError: The store is new, and `create` is False.
            MirrorError: The store cannot be opened.
        """
        ...

    def close(self) -> None:
        """Disconnect. An update that was not committed is undone."""
        ...

    def read(self, table: Table) -> list[Row]:
        """Return all rows of a table."""
        ...

    def read_records(self, site_id: int, span: Span) -> Iterator[pa.RecordBatch]:
        """Yield the records of a site and span."""
        ...

    def count_records(self) -> dict[int, int]:
        """Return the number of records by site."""
        ...

    def apply(self, update: Update) -> None:
        """Carry out an update. If it fails, or the process is killed, the store is as before.

        Raises:
            MirrorConflictError: A revision differs.
            MirrorError: The store failed, for example since the disk is full.
        """
        ...
