"""One cycle of a mirror: list data changes, apply them, read the tail of each site, acknowledge.

The order makes it exact. Changes are listed before records are read, so the records contain them. A change is
written to the ledger in the transaction that stores its records, and acknowledged only after the commit. Killed before
a commit, nothing of it happened; killed after it, the next cycle acknowledges.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import timedelta

import msgspec

from datastore_sdk._io.clock import monotonic
from datastore_sdk.entities import DataChange, Site
from datastore_sdk.entities.intervals import get_interval
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    MirrorError,
    RestreamError,
)
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.mirror.columns import add_columns
from datastore_sdk.mirror.contents import SiteState, Source, source_update
from datastore_sdk.mirror.download import Download, read_rows
from datastore_sdk.mirror.objects import change_row, state_fingerprint, state_row
from datastore_sdk.mirror.report import MirrorReport, SiteReport
from datastore_sdk.mirror.service import ListedChange, SourceReader
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.spans import DAY, Span, TailReader, build_change_span, merge
from datastore_sdk.mirror.stores.base import RecordsUpdate
from datastore_sdk.mirror.tables import STATES, Row, TableUpdate

log = get_logger("mirror")

MAX_CHANGE_REQUEST = 7 * DAY
"""Longest part of a data change that is requested at a time, in seconds."""


class Cycle:
    """One cycle.

    Args:
        session: The session.
        acknowledge: Whether to acknowledge data changes. A mirror that does not is a follower: it lists the changes
            that others have acknowledged, and goes by its own ledger.
        overlap: Seconds before the cursor that are read again, for late records.
        refresh: Time after which pads, sites and stages are read again, and all data changes are listed.
    """

    def __init__(self, session: Session, *, acknowledge: bool, overlap: int, refresh: timedelta) -> None:
        self._session = session
        self._acknowledges = acknowledge
        self._overlap = overlap
        self._refresh = refresh
        self._schema = session.contents.schema
        self.report = MirrorReport()

    def run(self) -> MirrorReport:
        """Run it.

        Raises:
            MirrorError: The store failed.
            RestreamError: The service cannot be reached, or rejects the credential.
        """
        started = monotonic()
        if self._acknowledges:
            self._acknowledge()
        done: set[int] = set()
        for source in [*self._session.contents.sources.values()]:
            self._run_source(source, done)
        if self._acknowledges:
            self._acknowledge()
        self.report.seconds = monotonic() - started
        return self.report

    def _run_source(self, source: Source, done: set[int]) -> None:
        now = self._session.now_datetime
        reader = SourceReader(self._session.client, source, self._session.contents, now)
        objects_due = source.objects_at is None or not timedelta() <= now - source.objects_at < self._refresh
        lists_all = (
            not self._acknowledges
            or source.all_changes_at is None
            or not timedelta() <= now - source.all_changes_at < self._refresh
        )
        tables: list[TableUpdate] = []
        sites = reader.get_known_sites()
        with self._noting(f"{source.kind} {source.id}: its sites"):
            sites = reader.list_sites()
        changes: list[ListedChange] = []
        with self._noting(f"{source.kind} {source.id}: data changes"):
            changes = reader.list_changes(acknowledged=lists_all)
            if lists_all:
                source = msgspec.structs.replace(source, all_changes_at=now)
        if source.schema_at is None:
            with self._noting(f"{source.kind} {source.id}: fields"):
                self._schema = add_columns(self._schema, reader.infer_schema(si_units=self._schema.si_units).columns)
                source = msgspec.structs.replace(source, schema_at=now)
        if objects_due:
            with self._noting(f"{source.kind} {source.id}: pads, sites and stages"):
                tables += reader.read_objects(sites)
                source = msgspec.structs.replace(source, objects_at=now)
        is_complete = True
        for site in sites:
            if site not in done:
                done.add(site)
                own = [change for change in changes if change.site_id == site]
                is_complete &= self._run_site(self._state_of(site, source), source, own)
        for unusable in (change for change in changes if change.site_id not in sites):
            self._note(f"data change {unusable.id} names no site of {source.kind} {source.id}")
        with self._noting(f"{source.kind} {source.id}: states"):
            self._store_states(reader, sites)
        if not is_complete:
            source = msgspec.structs.replace(source, all_changes_at=None)
        if tables or source != self._session.contents.sources[source.key]:
            self._session.apply(*tables, source_update([source]))
            self._session.contents.sources[source.key] = source

    def _state_of(self, site: int, source: Source) -> SiteState:
        return self._session.contents.sites.get(site) or SiteState(
            site_id=site, source_kind=source.kind, source_id=source.id, since=source.since, cursor=source.since
        )

    def _run_site(self, state: SiteState, source: Source, changes: Sequence[ListedChange]) -> bool:
        """Apply the data changes of a site, then read its tail. Return whether nothing failed."""
        problems = len(self.report.problems)
        run = SiteRun(self, state, source, self._overlap)
        self.report.sites.append(run.report)
        for listed in sorted(changes, key=lambda change: change.sort_key):
            row = self._session.contents.ledger.get((listed.site_id, listed.id))
            if row is not None and row["applied_at"] is not None and listed.is_same(row):
                if self._acknowledges and listed.is_open and row["acknowledged_at"] is not None:
                    self._session.apply(ledger=[{**row, "acknowledged_at": None}])  # it is listed again
                continue
            with self._noting(f"data change {listed.id} of site {state.site_id}") as failed:
                run.apply_change(listed)
            if failed:
                self._session.apply(ledger=[run.build_failed_row(listed, failed[0])])
        with self._noting(f"site {state.site_id}") as failed:
            run.read_tail()
        if failed:
            self._session.apply(states=[msgspec.structs.replace(run.state, error=failed[0])])
        return len(self.report.problems) == problems

    def _store_states(self, reader: SourceReader, sites: Iterable[int]) -> None:
        known, now = self._session.contents.sites, self._session.now_datetime
        rows: list[Row] = []
        states: dict[int, SiteState] = {}
        for site, state in reader.list_states():
            if site not in sites or site not in known:
                continue
            if (fingerprint := state_fingerprint(state)) != known[site].last_state:
                rows.append(state_row(state, site, now))
                states[site] = msgspec.structs.replace(known[site], last_state=fingerprint)
        if rows:
            self._session.apply(TableUpdate(STATES, tuple(rows)), states=states.values())

    def _acknowledge(self) -> None:
        """Acknowledge the changes of the ledger that were applied, and note it."""
        pending = [
            row for row in self._session.contents.ledger.values() if row["applied_at"] and not row["acknowledged_at"]
        ]
        done: list[Row] = []
        try:
            for row in pending:
                change = DataChange(row["id"], client=self._session.client, site=row["site_id"])
                with self._noting(f"acknowledgement of data change {row['id']}"):
                    if change.confirm_data_received():
                        done.append({**row, "acknowledged_at": self._session.now_datetime})
                    else:
                        self._note(f"data change {row['id']} was acknowledged, but the service still lists it")
        finally:
            if done:
                self._session.apply(ledger=done)
        self.report.acknowledged += len(done)

    @contextmanager
    def _noting(self, what: str) -> Generator[list[str]]:
        """Note the failure of a block as a problem; the list that it yields then has the text.

        If the service cannot be reached at all, or rejects the credential, the error is raised.
        """
        failed: list[str] = []
        try:
            yield failed
        except (MirrorError, AuthenticationError):
            raise
        except RestreamError as error:
            if isinstance(error, APIConnectionError | APITimeoutError) and not error.sent:
                raise
            failed.append(str(error))
            self._note(f"{what}: {error}")

    def _note(self, problem: str) -> None:
        log.warning("%s", problem)
        self.report.problems.append(problem)

    def store_records(
        self,
        state: SiteState,
        downloads: Sequence[Download],
        ledger: Iterable[Row],
    ) -> SiteState:
        """Replace the spans of downloads by their records; return the new progress of the site."""
        schema = self._schema
        for download in downloads:
            schema = add_columns(schema, download.new_fields.columns())
        spans = tuple(merge(download.span for download in downloads))
        before = {*self._session.contents.schema.names}
        self._session.apply(
            states=[state],
            ledger=ledger,
            records=RecordsUpdate(state.site_id, spans, schema, lambda: read_rows(downloads, schema)),
        )
        self._schema = schema
        self.report.new_columns += [name for name in schema.names if name not in before]
        return self._session.contents.sites[state.site_id]

    def download(self, site: int, span: Span, fields: str | None, report: SiteReport) -> Download:
        """Download the records of a site and span."""
        schema = self._schema
        data = Site(site, client=self._session.client).get_data(
            start_datetime=span.start_datetime,
            end_datetime=span.last_datetime,
            fields=fields,
            si_units=schema.si_units,
        )
        try:
            download = Download(site, span, schema, data.record_batches(schema, on_mismatch="map"))
        except RestreamError:
            raise
        except OSError as error:
            raise MirrorError(
                f"the temporary folder cannot hold a download: {error.strerror or error}. Make room, or set TMPDIR"
            ) from error
        report.read += download.count
        report.left_out += download.left_out
        return download

    def build_applied_row(self, listed: ListedChange) -> Row:
        """Return the ledger row of a change that was applied. One that others have acknowledged needs no more."""
        now = self._session.now_datetime
        is_settled = self._acknowledges and not listed.is_open
        return change_row(
            listed.change,
            id=listed.id,
            site_id=listed.site_id,
            applied_at=now,
            acknowledged_at=now if is_settled else None,
            attempts=self.attempts(listed) + 1,
            error=None,
        )

    def attempts(self, listed: ListedChange) -> int:
        """Return how often it was tried to apply a change."""
        row = self._session.contents.ledger.get((listed.site_id, listed.id))
        return (row["attempts"] or 0) if row else 0

    @property
    def now(self) -> int:
        """Unix second of the clock."""
        return self._session.now


class SiteRun:
    """Data changes and tail of one site in one cycle.

    Args:
        cycle: The cycle.
        state: Progress of the site.
        source: Its source.
        overlap: Seconds before the cursor that are read again.
    """

    def __init__(self, cycle: Cycle, state: SiteState, source: Source, overlap: int) -> None:
        self._cycle = cycle
        self._source = source
        self._tail = TailReader(state.since, state.cursor, cycle.now, overlap)
        self._with_tail: list[ListedChange] = []
        """Changes that are applied with the tail: they reach into it, or lie before the mirror."""
        self.state = state
        self.report = SiteReport(site_id=state.site_id)

    def apply_change(self, listed: ListedChange) -> None:
        """Read the interval of a change again, as far as it is not part of the tail, and replace it.

        Raises:
            RestreamError: The change has no usable interval, or its records cannot be read.
        """
        interval = get_interval(listed.change, "start_date", "end_date")
        span = build_change_span(interval.start, interval.end, self._cycle.now)
        part = span.clip(Span(self.state.since, self._tail.first))
        downloads: list[Download] = []
        try:
            downloads.extend(self._download(piece) for piece in part.pieces(MAX_CHANGE_REQUEST))
        except BaseException:
            for download in downloads:
                download.close()
            raise
        if span.end > self._tail.first or not downloads:
            self._with_tail.append(listed)
        else:
            self.report.changes += 1
        if downloads:
            ledger = [self._cycle.build_applied_row(listed)] if listed not in self._with_tail else []
            self.state = self._cycle.store_records(self.state, downloads, ledger)

    def build_failed_row(self, listed: ListedChange, error: str) -> Row:
        """Return the ledger row of a change that could not be applied."""
        attempts = self._cycle.attempts(listed) + 1
        return change_row(
            listed.change,
            id=listed.id,
            site_id=listed.site_id,
            attempts=attempts,
            error=error,
            applied_at=None,
            acknowledged_at=None,
        )

    def read_tail(self) -> None:
        """Read the site from shortly before its cursor up to now, and store it chunk by chunk.

        Raises:
            RestreamError: A chunk cannot be read. The chunks before it are stored.
        """
        tail = self._tail
        self.report.first = Span(tail.first, tail.first).start_datetime
        while (chunk := tail.next_chunk()) is not None:
            download = self._download(chunk)
            tail.advance(chunk, download.last)
            if download.last is not None:
                self.report.last = Span(download.last, download.last).start_datetime
            done = tail.is_done
            self.state = self._cycle.store_records(
                msgspec.structs.replace(
                    self.state,
                    cursor=tail.cursor,
                    read_at=Span(self._cycle.now, 0).start_datetime if done else self.state.read_at,
                    error=None if done else self.state.error,
                ),
                [download],
                map(self._cycle.build_applied_row, self._with_tail) if done else (),
            )
        self.report.changes += len(self._with_tail)

    def _download(self, span: Span) -> Download:
        return self._cycle.download(self.state.site_id, span, self._source.fields, self.report)
