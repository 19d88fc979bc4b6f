"""One site in one cycle: data changes, then the tail; each is downloaded completely, then stored in one update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from datastore_sdk.entities import Site
from datastore_sdk.entities.intervals import get_interval
from datastore_sdk.exceptions import MirrorError, RestreamError
from datastore_sdk.mirror.columns import add_columns
from datastore_sdk.mirror.contents import SiteState, Source
from datastore_sdk.mirror.download import Download, read_rows
from datastore_sdk.mirror.objects import change_row
from datastore_sdk.mirror.progress import CycleMeter
from datastore_sdk.mirror.report import SiteReport
from datastore_sdk.mirror.service import ListedChange
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.spans import DAY, Span, TailReader, build_change_span, from_second, merge
from datastore_sdk.mirror.stores.base import RecordsUpdate
from datastore_sdk.mirror.tables import Row

MAX_CHANGE_REQUEST = 7 * DAY
"""Longest part of a data change that is requested at a time, in seconds."""


class SiteCycle:
    """Data changes and tail of one site in one cycle.

    Args:
        session: The session.
        state: Progress of the site.
        source: Its source.
        overlap: Seconds before the cursor that are read again.
        acknowledges: Whether the mirror acknowledges data changes.
        meter: Reports the progress.
        share: The site's part of the cycle, for the progress.
    """

    def __init__(
        self,
        session: Session,
        state: SiteState,
        source: Source,
        *,
        overlap: int,
        acknowledges: bool,
        meter: CycleMeter,
        share: tuple[float, float],
    ) -> None:
        self._session = session
        self._source = source
        self._acknowledges = acknowledges
        self._tail = TailReader(state.since, state.cursor, session.now, overlap)
        self._meter = meter
        meter.start_site(state.site_id, Span(self._tail.first, session.now), share)
        self._with_tail: list[ListedChange] = []
        """Changes that are applied with the tail, because they reach into it."""
        self.state = state
        self.report = SiteReport(site_id=state.site_id)

    def apply_change(self, listed: ListedChange) -> None:
        """Read the interval of a change again, as far as it is not part of the tail, and replace it.

        A change of records that the mirror does not keep, because they are from before its start, is left alone:
        to acknowledge it would hide it from others.

        Raises:
            RestreamError: The change has no usable interval, or its records cannot be read.
        """
        interval = get_interval(listed.change, "start_date", "end_date")
        span = build_change_span(interval.start, interval.end, self._session.now)
        if span.end <= self.state.since:
            return
        part = span.clip(Span(self.state.since, self._tail.first))
        downloads: list[Download] = []
        try:
            downloads.extend(self._download(piece, listed.id) for piece in part.pieces(MAX_CHANGE_REQUEST))
        except BaseException:
            for download in downloads:
                download.close()
            raise
        is_whole = bool(downloads) and span.end <= self._tail.first
        if downloads:
            self._store(self.state, downloads, [self._build_applied_row(listed)] if is_whole else [])
        if is_whole:
            self.report.changes += 1
        else:
            self._with_tail.append(listed)

    def note_failure(self, listed: ListedChange, error: str) -> None:
        """Write into the ledger that a change could not be applied."""
        self._session.apply(ledger=[self._build_row(listed, applied_at=None, acknowledged_at=None, error=error)])

    def read_tail(self) -> None:
        """Read the site from shortly before its cursor up to now, and store it chunk by chunk.

        Raises:
            RestreamError: A chunk cannot be read. The chunks before it are stored.
        """
        tail = self._tail
        self.report.first = from_second(tail.first)
        while (chunk := tail.next_chunk()) is not None:
            download = self._download(chunk)
            tail.advance(chunk, download.last)
            if download.last is not None:
                self.report.last = from_second(download.last)
            state = msgspec.structs.replace(self.state, cursor=tail.cursor)
            if tail.is_done:
                state = msgspec.structs.replace(state, read_at=self._session.now_datetime, error=None)
            self._store(state, [download], map(self._build_applied_row, self._with_tail) if tail.is_done else ())
        self.report.changes += len(self._with_tail)

    def _download(self, span: Span, change_id: int | None = None) -> Download:
        schema = self._session.schema
        data = Site(self.state.site_id, client=self._session.client).get_data(
            start_datetime=span.start_datetime,
            end_datetime=span.last_datetime,
            fields=self._source.fields,
            si_units=schema.si_units,
        )
        try:
            batches = self._meter.count(data.record_batches(schema, on_mismatch="map"), change_id)
            download = Download(self.state.site_id, span, schema, batches)
        except RestreamError:
            raise
        except OSError as error:
            raise MirrorError(
                f"the temporary folder cannot hold a download: {error.strerror or error}. Make room, or set TMPDIR"
            ) from error
        self.report.read += download.count
        self.report.left_out += download.left_out
        return download

    def _store(self, state: SiteState, downloads: Sequence[Download], ledger: Iterable[Row]) -> None:
        """Replace the spans of downloads by their records, with progress and ledger in the same update."""
        schema = self._session.schema
        for download in downloads:
            schema = add_columns(schema, download.new_fields.columns())
        spans = tuple(merge(download.span for download in downloads))
        records = RecordsUpdate(state.site_id, spans, schema, lambda: read_rows(downloads, schema))
        self._session.apply(states=[state], ledger=ledger, records=records)
        self.state = self._session.contents.sites[state.site_id]
        self.report.stored += sum(download.count for download in downloads)

    def _build_applied_row(self, listed: ListedChange) -> Row:
        """Return the row of a change that was applied. One that others have acknowledged is settled with that."""
        now = self._session.now_datetime
        is_settled = self._acknowledges and not listed.is_open
        return self._build_row(listed, applied_at=now, acknowledged_at=now if is_settled else None, error=None)

    def _build_row(self, listed: ListedChange, **values: Any) -> Row:
        row = self._session.contents.ledger.get((listed.site_id, listed.id))
        attempts = (row["attempts"] or 0) if row else 0
        return change_row(listed.change, id=listed.id, site_id=listed.site_id, attempts=attempts + 1, **values)
