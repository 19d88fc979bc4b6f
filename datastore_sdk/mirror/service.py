"""Requests of a mirror for one pad or site, besides records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from datastore_sdk.client import Client
from datastore_sdk.data.schema import Schema
from datastore_sdk.entities import DataChange, Pad, Site, State
from datastore_sdk.mirror.contents import Contents, Source
from datastore_sdk.mirror.objects import change_row, id_of_site, pad_rows, site_rows, stage_rows
from datastore_sdk.mirror.spans import from_second
from datastore_sdk.mirror.tables import Row, TableUpdate

_IDENTITY = ("created_at", "start_date", "end_date", "modification_type", "modification_subtype")


class ListedChange(msgspec.Struct, frozen=True):
    """A data change that the service lists."""

    id: int
    site_id: int
    change: DataChange
    is_open: bool
    """Whether it is not acknowledged yet."""

    @property
    def sort_key(self) -> tuple[float, int]:
        """Order of creation."""
        created = self.change.get("created_at")
        return created.timestamp() if isinstance(created, datetime) else 0.0, self.id

    def is_same(self, row: Row) -> bool:
        """Return whether a row of the ledger is about this change, and not about an earlier one with its id."""
        own = change_row(self.change)
        return all(own[name] == row[name] for name in _IDENTITY)


class SourceReader:
    """Requests for one pad or site.

    Args:
        client: The client.
        source: The pad or site.
        contents: What the store knows.
        now: Time of the clock.
    """

    def __init__(self, client: Client, source: Source, contents: Contents, now: datetime) -> None:
        self._client = client
        self._source = source
        self._contents = contents
        self._now = now
        self._pad = Pad(source.id, client=client) if source.kind == "pad" else None
        self._site = Site(source.id, client=client)
        self._sites: Sequence[Site] = ()
        self.unusable_changes: list[str] = []
        """Listed data changes without an id or a site, in words."""

    def get_known_sites(self) -> list[int]:
        """Return the ids of the sites that the store knows."""
        if self._pad is None:
            return [self._source.id]
        key = self._source.key
        return [state.site_id for state in self._contents.sites.values() if (state.source_kind, state.source_id) == key]

    def list_sites(self) -> list[int]:
        """Return the ids of the sites: those of the pad now, and those that it had before."""
        if self._pad is None:
            return [self._source.id]
        self._sites = self._pad.get_sites()
        listed = [site["id"] for site in self._sites if isinstance(site.get("id"), int)]
        return [*dict.fromkeys([*listed, *self.get_known_sites()])]

    def list_changes(self, *, acknowledged: bool) -> list[ListedChange]:
        """Return the data changes whose id and site are known; `acknowledged`: also those that were acknowledged."""
        item = self._pad or self._site
        found, _ = item.get_data_changes()
        others = item.get_data_changes(get_acknowledged=True)[0] if acknowledged else []
        listed: dict[tuple[int, int], ListedChange] = {}
        for is_open, changes in ((True, found), (False, others)):
            for change in changes:
                id_, site = change.get("id"), id_of_site(change)
                if isinstance(id_, int) and site is not None:
                    listed.setdefault((site, id_), ListedChange(id_, site, change, is_open))
                else:
                    self.unusable_changes.append(
                        f"a data change has the id {id_!r} and the site {change.get('site')!r}"
                    )
        return [*listed.values()]

    def list_states(self) -> Iterator[tuple[int, State]]:
        """Yield the current states, with their sites."""
        states = [self._site.get_state()] if self._pad is None else self._pad.get_states()
        for state in states:
            if state is None:
                continue
            if (site := id_of_site(state)) is not None:
                yield site, state

    def infer_schema(self, *, si_units: bool) -> Schema:
        """Return the schema of the records."""
        if self._pad is not None:
            return self._pad.get_schema(self._source.fields, si_units=si_units, is_routed=True)
        return self._site.get_schema(self._source.fields, si_units=si_units)

    def read_objects(self, sites: Sequence[int]) -> list[TableUpdate]:
        """Return the rows of the pad, its sites and their stages."""
        tables: list[TableUpdate] = []
        if self._pad is not None:
            self._pad.update()
            tables += [pad_rows([self._pad], self._now), site_rows(self._sites, self._now)]
        else:
            self._site.update()
            tables.append(site_rows([self._site], self._now))
        stages = (self._pad or self._site).get_stages_metadata(
            start_date=from_second(self._source.since), add_aggregations=True
        )
        return [*tables, stage_rows(stages, sites, self._now)]
