"""Work on a mirror besides cycles: add and forget sources, read again, trim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from datastore_sdk.data import DataQuery
from datastore_sdk.entities import Pad, Site
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.columns import start_schema
from datastore_sdk.mirror.contents import SiteState, Source, schema_updates, source_update
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.spans import to_second
from datastore_sdk.mirror.tables import CHANGES, PADS, SITES, SOURCES, STAGES, STATE, STATES, Row, TableUpdate


def to_source(item: Pad | Site, since: datetime, fields: str | Sequence[str] | None) -> Source:
    """Return the source for a pad or site.

    Raises:
        ValueError: The fields are invalid.
    """
    names = DataQuery(source="site", id=item.id, fields=fields).fields  # refuses invalid ones
    return Source.of(item, to_second(since), ",".join(names) if names else None)


def check_source(session: Session, source: Source, *, si_units: bool) -> None:
    """Check that a source can be added.

    Raises:
        ValueError: The mirror has other units, or other fields of this source.
    """
    contents = session.contents
    if contents.sources and contents.schema.si_units != si_units:
        units = "SI" if contents.schema.si_units else "imperial"
        raise ValueError(f"this mirror has {units} units: use another store for other units")
    known = contents.sources.get(source.key)
    if known and known.fields != source.fields:
        raise ValueError(
            f"{source.kind} {source.id} is mirrored with fields={known.fields!r}: forget it first to change that"
        )


def add_source(session: Session, source: Source, *, si_units: bool) -> None:
    """Add a source, or extend it into the past."""
    contents = session.contents
    known = contents.sources.get(source.key)
    if known and known.since <= source.since:
        return
    updates: list[TableUpdate] = []
    if not contents.sources:
        updates += schema_updates(start_schema(si_units=si_units))
        contents.schema = start_schema(si_units=si_units)
    changed = msgspec.structs.replace(known, since=source.since) if known else source
    states = [
        msgspec.structs.replace(state, since=source.since, cursor=source.since)
        for state in _sites_of(session, changed)
        if source.since < state.since
    ]
    session.apply(*updates, source_update([changed]), states=states)
    contents.sources[changed.key] = changed


def reread_source(session: Session, item: Pad | Site) -> None:
    """Set the cursors of a source to its beginning, or that of one site of a pad."""
    site = session.contents.sites.get(item.id) if isinstance(item, Site) else None
    states = [site] if site else _sites_of(session, _find(session, item))
    session.apply(states=[msgspec.structs.replace(state, cursor=state.since) for state in states])


def trim_records(session: Session, before: datetime) -> None:
    """Delete the records before a time."""
    second = to_second(before)
    contents = session.contents
    states = [state for state in contents.sites.values() if state.since < second]
    session.apply(
        source_update(
            msgspec.structs.replace(source, since=max(source.since, second)) for source in contents.sources.values()
        ),
        states=[msgspec.structs.replace(state, since=second, cursor=max(state.cursor, second)) for state in states],
        trimmed=tuple((state.site_id, second) for state in states),
    )


def forget_source(session: Session, item: Pad | Site) -> None:
    """Delete a source, with everything that belongs to its sites only."""
    source = _find(session, item)
    sites = [state.site_id for state in _sites_of(session, source)]
    by_site: tuple[Row, ...] = tuple({"site_id": site} for site in sites)
    session.apply(
        TableUpdate(SOURCES, (), removed=({"kind": source.kind, "id": source.id},)),
        *(TableUpdate(table, (), ("site_id",), by_site) for table in (STATE, CHANGES, STAGES, STATES)),
        TableUpdate(SITES, (), removed=tuple({"id": site} for site in sites)),
        *([TableUpdate(PADS, (), removed=({"id": source.id},))] if source.kind == "pad" else []),
        forgotten_sites=tuple(sites),
    )


def _find(session: Session, item: Pad | Site) -> Source:
    kind = "pad" if isinstance(item, Pad) else "site"
    source = session.contents.sources.get((kind, item.id))
    if source is None:
        known = ", ".join(f"{kind} {id_}" for kind, id_ in sorted(session.contents.sources))
        raise MirrorError(f"{kind} {item.id} is not part of this mirror; it has {known or 'nothing'}")
    return source


def _sites_of(session: Session, source: Source) -> Iterable[SiteState]:
    return [state for state in session.contents.sites.values() if (state.source_kind, state.source_id) == source.key]
