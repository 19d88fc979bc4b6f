"""Contents of a store besides records: sources, progress of sites, the ledger, the schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from datastore_sdk._version import VERSION
from datastore_sdk.data.schema import Schema
from datastore_sdk.entities import Pad, Site
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.columns import describe_columns, start_schema
from datastore_sdk.mirror.spans import from_second, to_second
from datastore_sdk.mirror.stores.base import Store
from datastore_sdk.mirror.tables import CHANGES, FIELDS, FORMAT, INFO, SOURCES, STATE, Row, TableUpdate

SourceKind = Literal["pad", "site"]


class Source(Struct, kw_only=True, frozen=True):
    """A pad or site that was added."""

    kind: SourceKind
    id: int
    since: int
    """First second that is kept."""
    fields: str | None = None
    """Names of the fields, joined by commas. None: all."""
    schema_at: datetime | None = None
    """When its fields became columns."""
    objects_at: datetime | None = None
    """When its pad, sites and stages were read."""
    all_changes_at: datetime | None = None
    """When acknowledged data changes were listed, too."""

    @classmethod
    def of(cls, item: Pad | Site, since: int, fields: str | None) -> Source:
        """Return the source for a pad or site."""
        return cls(kind="pad" if isinstance(item, Pad) else "site", id=item.id, since=since, fields=fields)

    @property
    def key(self) -> tuple[str, int]:
        """Kind and id."""
        return self.kind, self.id

    def to_row(self) -> Row:
        """Return its row."""
        return {**msgspec.structs.asdict(self), "since": from_second(self.since)}


class SiteState(Struct, kw_only=True, frozen=True):
    """Progress of a site."""

    site_id: int
    source_kind: SourceKind
    source_id: int
    since: int
    """First second that is kept."""
    cursor: int
    """Records before this second were read."""
    revision: int = 0
    """Number of updates, by which mirrors notice each other."""
    read_at: datetime | None = None
    """When it was last read completely."""
    error: str | None = None
    """Why the last attempt failed."""
    last_state: str | None = None
    """Fingerprint of the last state that was seen."""

    def to_row(self) -> Row:
        """Return its row."""
        times = {"since": from_second(self.since), "cursor": from_second(self.cursor)}
        return {**msgspec.structs.asdict(self), **times}


class Contents(Struct, kw_only=True):
    """Contents of a store, besides records."""

    info: dict[str, str]
    schema: Schema
    sources: dict[tuple[str, int], Source]
    sites: dict[int, SiteState]
    ledger: dict[tuple[int, int], Row]
    """Rows of `data_changes` by site and id."""


def load_contents(store: Store) -> Contents:
    """Read the tables of an open store.

    Raises:
        MirrorError: A newer SDK wrote them.
    """
    info = {row["name"]: row["value"] for row in store.read(INFO)}
    if info and int(info["format"]) > FORMAT:
        raise MirrorError(
            f"{store.name}: SDK {info.get('sdk_version')} wrote this mirror (format {info['format']}); this is SDK "
            f"{VERSION}, which knows format {FORMAT}: update restream-datastore-sdk"
        )
    sources = [Source(**_to_seconds(row, "since")) for row in store.read(SOURCES)]
    states = [SiteState(**_to_seconds(row, "since", "cursor")) for row in store.read(STATE)]
    return Contents(
        info=info,
        schema=read_schema(info),
        sources={source.key: source for source in sources},
        sites={state.site_id: state for state in states},
        ledger={(row["site_id"], row["id"]): row for row in store.read(CHANGES)},
    )


def read_schema(info: Mapping[str, str]) -> Schema:
    """Return the schema of `records`."""
    schema = info.get("schema")
    return Schema.from_json(schema) if schema else start_schema(si_units=False)


def _to_seconds(row: Row, *names: str) -> Row:
    return {**row, **{name: to_second(row[name]) for name in names}}


def info_update(values: dict[str, str]) -> TableUpdate:
    """Return the update of facts of the store."""
    return TableUpdate(INFO, tuple({"name": name, "value": value} for name, value in values.items()))


def schema_updates(schema: Schema) -> tuple[TableUpdate, ...]:
    """Return the updates for a changed schema."""
    stored = {"schema": schema.to_json(), "sdk_version": VERSION}
    return info_update(stored), TableUpdate(FIELDS, describe_columns(schema))


def source_update(sources: Iterable[Source]) -> TableUpdate:
    """Return the update of sources."""
    return TableUpdate(SOURCES, tuple(source.to_row() for source in sources))


def state_update(states: Iterable[SiteState]) -> TableUpdate:
    """Return the update of the progress of sites."""
    return TableUpdate(STATE, tuple(state.to_row() for state in states))
