"""Tables of a mirror: their columns and keys. Every store creates them from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from datastore_sdk.data.schema import ColumnType

Row = dict[str, Any]
"""A row: values by column. Columns that it lacks are null."""

FORMAT = 1
"""Version of the tables. A store of a later version is refused."""


class Table(Struct, frozen=True):
    """A table, and the columns that identify a row."""

    name: str
    columns: Mapping[str, ColumnType]
    key: tuple[str, ...]


class TableUpdate(Struct, frozen=True):
    """Rows that replace those with the same values in `key`."""

    table: Table
    rows: tuple[Row, ...]
    key: tuple[str, ...] = ()
    """Columns that say which rows are replaced. Default: the key of the table."""
    removed: tuple[Row, ...] = ()
    """Values of the key of rows that are removed, too."""

    @property
    def replaced(self) -> tuple[Row, ...]:
        """The distinct key values whose rows are replaced."""
        key = self.key or self.table.key
        found = {tuple(row.get(name) for name in key): None for row in (*self.rows, *self.removed)}
        return tuple(dict(zip(key, values, strict=True)) for values in found)


_INFO: dict[str, ColumnType] = {"name": "string", "value": "string"}
_SOURCES: dict[str, ColumnType] = {
    "kind": "string",
    "id": "int64",
    "since": "timestamp",
    "fields": "string",
    "schema_at": "timestamp",
    "objects_at": "timestamp",
    "all_changes_at": "timestamp",
}
_STATE: dict[str, ColumnType] = {
    "site_id": "int64",
    "source_kind": "string",
    "source_id": "int64",
    "since": "timestamp",
    "cursor": "timestamp",
    "revision": "int64",
    "read_at": "timestamp",
    "error": "string",
    "last_state": "string",
}
_CHANGES: dict[str, ColumnType] = {
    "site_id": "int64",
    "id": "int64",
    "modification_type": "string",
    "modification_subtype": "string",
    "created_at": "timestamp",
    "start_date": "timestamp",
    "end_date": "timestamp",
    "applied_at": "timestamp",
    "acknowledged_at": "timestamp",
    "attempts": "int64",
    "error": "string",
}
_PADS: dict[str, ColumnType] = {
    "id": "int64",
    "name": "string",
    "customer_name": "string",
    "attributes": "string",
    "read_at": "timestamp",
}
_SITES: dict[str, ColumnType] = {
    "id": "int64",
    "pad_id": "int64",
    "name": "string",
    "well_api": "string",
    "timezone": "string",
    "latitude": "float64",
    "longitude": "float64",
    "attributes": "string",
    "read_at": "timestamp",
}
_STAGES: dict[str, ColumnType] = {
    "site_id": "int64",
    "id": "int64",
    "stage_number": "int64",
    "state": "string",
    "start_date": "timestamp",
    "end_date": "timestamp",
    "aggregations": "string",
    "attributes": "string",
    "read_at": "timestamp",
}
_STATES: dict[str, ColumnType] = {
    "site_id": "int64",
    "read_at": "timestamp",
    "current_state": "string",
    "stage_number": "int64",
    "last_state_update": "timestamp",
    "attributes": "string",
}
_FIELDS: dict[str, ColumnType] = {
    "column_name": "string",
    "name": "string",
    "type": "string",
    "unit": "string",
    "label": "string",
    "color": "string",
}

INFO = Table("mirror_info", _INFO, ("name",))
"""Facts of the store: format, SDK version, service, credential, units, schema of `records`."""
SOURCES = Table("mirror_sources", _SOURCES, ("kind", "id"))
"""The pads and sites that were added."""
STATE = Table("mirror_state", _STATE, ("site_id",))
"""Progress of each site. Records before `cursor` were read."""
CHANGES = Table("data_changes", _CHANGES, ("site_id", "id"))
"""The ledger: which data changes were applied and acknowledged, and when."""
PADS = Table("pads", _PADS, ("id",))
SITES = Table("sites", _SITES, ("id",))
STAGES = Table("stages", _STAGES, ("site_id", "start_date", "id"))
STATES = Table("states", _STATES, ("site_id", "read_at"))
"""History of the states that were seen: a row whenever a state differs from the one before."""
FIELDS = Table("fields", _FIELDS, ("column_name",))
"""The columns of `records`, with units and labels."""

TABLES = (INFO, SOURCES, STATE, CHANGES, PADS, SITES, STAGES, STATES, FIELDS)
"""All tables but `records`, whose columns depend on the fields of the service."""

RECORDS = "records"
KEY_COLUMNS: dict[str, ColumnType] = {"site_id": "int64", "timestamp": "timestamp", "ordinal": "int64"}
"""First columns of `records`. `ordinal` numbers the records of one site and second, from 0."""
EXTRA = "extra"
"""Last column of `records`: a JSON object of the values that have no column, or do not fit theirs."""
