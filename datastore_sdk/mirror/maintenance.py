"""Work on a mirror besides cycles: add and forget sources, read again, trim, status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from datastore_sdk.data import DataQuery
from datastore_sdk.entities import Pad, Site
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.columns import start_schema
from datastore_sdk.mirror.contents import SiteState, Source, schema_updates, source_update
from datastore_sdk.mirror.report import MirrorStatus, SiteStatus
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.spans import from_second, to_second
from datastore_sdk.mirror.tables import CHANGES, PADS, SITES, SOURCES, STAGES, STATE, STATES, Row, TableUpdate


def add_source(
    session: Session, item: Pad | Site, since: datetime, fields: str | Sequence[str] | None, *, si_units: bool
) -> None:
    """Add a source, or extend it into the past.

    Raises:
        ValueError: The fields are invalid, or the mirror has other units or other fields of this source.
    """
    names = DataQuery(source="site", id=item.id, fields=fields).fields  # refuses invalid ones
    source = Source.of(item, to_second(since), ",".join(names) if names else None)
    contents = session.contents
    updates: list[TableUpdate] = []
    if not contents.sources:
        updates += schema_updates(start_schema(si_units=si_units))
        contents.schema = start_schema(si_units=si_units)
    elif contents.schema.si_units != si_units:
        units = "SI" if contents.schema.si_units else "imperial"
        raise ValueError(f"this mirror has {units} units: use another store for other units")
    known = contents.sources.get(source.key)
    if known and known.fields != source.fields:
        raise ValueError(
            f"{source.kind} {source.id} is mirrored with fields={known.fields!r}: forget it first to change that"
        )
    if known and known.since <= source.since:
        return
    changed = msgspec.structs.replace(known, since=source.since) if known else source
    states = [
        msgspec.structs.replace(state, since=source.since, cursor=source.since)
        for state in _sites_of(session, changed)
        if source.since < state.since
    ]
    session.apply(*updates, source_update([changed]), states=states)
    contents.sources[changed.key] = changed


def reread_source(session: Session, item: Pad | Site) -> None:
    """Set the cursors of a source to its beginning."""
    source = _find(session, item)
    session.apply(
        states=[msgspec.structs.replace(state, cursor=state.since) for state in _sites_of(session, source)],
    )


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


def build_status(session: Session) -> MirrorStatus:
    """Return the progress of each site."""
    contents, now = session.contents, session.now_datetime
    with session.open_store() as store:
        counts = store.count_records()
    sites = [_build_site_status(session, state, counts.get(state.site_id, 0), now) for state in contents.sites.values()]
    return MirrorStatus(
        store=store.name,
        service=contents.info.get("service"),
        sites=sorted(sites, key=lambda site: site.site_id),
        now=now,
    )


def _build_site_status(session: Session, state: SiteState, records: int, now: datetime) -> SiteStatus:
    cursor = from_second(state.cursor)
    rows = [row for (site, _), row in session.contents.ledger.items() if site == state.site_id]
    return SiteStatus(
        site_id=state.site_id,
        records=records,
        since=from_second(state.since),
        cursor=cursor,
        lag=max(now - cursor, timedelta()),
        read_at=state.read_at,
        error=state.error,
        pending_changes=sum(row["applied_at"] is None for row in rows),
        unacknowledged_changes=sum(row["applied_at"] is not None and row["acknowledged_at"] is None for row in rows),
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
