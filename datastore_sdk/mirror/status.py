"""Status of a mirror: how far each site was read, and which data changes wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from datastore_sdk.mirror.contents import SiteState
from datastore_sdk.mirror.report import MirrorStatus, SiteStatus
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.spans import from_second


def read_status(session: Session) -> MirrorStatus:
    """Return the progress of each site, with the number of its records."""
    with session.open_store() as store:
        counts = store.count_records()
    return build_status(session, counts)


def build_status(session: Session, counts: Mapping[int, int]) -> MirrorStatus:
    """Return the progress of each site.

    Args:
        session: The session.
        counts: Number of records by site.
    """
    contents, now = session.contents, session.now_datetime
    sites = [_build_site_status(session, state, counts.get(state.site_id, 0), now) for state in contents.sites.values()]
    return MirrorStatus(
        store=session.name,
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
