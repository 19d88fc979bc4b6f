"""One cycle of a mirror: list data changes, apply them, read the tail of each site, acknowledge.

The order makes it exact. Changes are listed before records are read, so the records contain them. A change is
written to the ledger in the transaction that stores its records, and acknowledged only after the commit. Killed before
a commit, nothing of it happened; killed after it, the next cycle acknowledges.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from datastore_sdk._io.clock import monotonic
from datastore_sdk.entities import DataChange
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
from datastore_sdk.mirror.metrics import is_recording, record_cycle
from datastore_sdk.mirror.objects import state_fingerprint, state_row
from datastore_sdk.mirror.progress import CycleMeter, MirrorProgressCallback
from datastore_sdk.mirror.report import MirrorReport
from datastore_sdk.mirror.service import ListedChange, SourceReader
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.site_cycle import SiteCycle
from datastore_sdk.mirror.status import build_status
from datastore_sdk.mirror.tables import STATES, Row, TableUpdate

log = get_logger("mirror")


class Cycle:
    """One cycle.

    Args:
        session: The session.
        acknowledge: Whether to acknowledge data changes. A mirror that does not is a follower: it lists the changes
            that others have acknowledged, and goes by its own ledger.
        overlap: Seconds before the cursor that are read again, for late records.
        refresh: Time after which pads, sites and stages are read again, and all data changes are listed.
        is_stored_later: Whether updates reach the store only after the cycle. Then the next cycle acknowledges them.
        progress: Receives the progress; None for no reports.
    """

    def __init__(
        self,
        session: Session,
        *,
        acknowledge: bool,
        overlap: int,
        refresh: timedelta,
        is_stored_later: bool = False,
        progress: MirrorProgressCallback | None = None,
    ) -> None:
        self._session = session
        self._acknowledges = acknowledge
        self._overlap = overlap
        self._refresh = refresh
        self._is_stored_later = is_stored_later
        self._meter = CycleMeter(progress)
        self.report = MirrorReport()

    def run(self) -> MirrorReport:
        """Run it.

        Raises:
            MirrorError: The store failed.
            RestreamError: The service cannot be reached, or rejects the credential.
        """
        started, columns = monotonic(), {*self._session.contents.schema.names}
        error: BaseException | None = None
        try:
            self._run_sources()
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.report.new_columns = [name for name in self._session.contents.schema.names if name not in columns]
            self.report.seconds = monotonic() - started
            if is_recording():
                record_cycle(build_status(self._session, {}), self.report, error)
        return self.report

    def _run_sources(self) -> None:
        if self._acknowledges:
            self._acknowledge()
        done: set[int] = set()
        sources = [*self._session.contents.sources.values()]
        for number, source in enumerate(sources):
            self._run_source(source, done, (number / len(sources), (number + 1) / len(sources)))
        if self._acknowledges and not self._is_stored_later:
            self._acknowledge()

    def _run_source(self, source: Source, done: set[int], share: tuple[float, float]) -> None:
        now, name = self._session.now_datetime, f"{source.kind} {source.id}"
        reader = SourceReader(self._session.client, source, self._session.contents, now)
        lists_all = not self._acknowledges or self._is_due(source.all_changes_at, now)
        tables: list[TableUpdate] = []
        sites = reader.get_known_sites()
        with self._noting(f"{name}: its sites"):
            sites = reader.list_sites()
        changes: list[ListedChange] = []
        with self._noting(f"{name}: data changes"):
            changes = self._list_changes(reader, sites, name, acknowledged=lists_all)
            if lists_all:
                source = msgspec.structs.replace(source, all_changes_at=now)
        if source.schema_at is None:
            with self._noting(f"{name}: fields"):
                schema = self._session.schema
                self._session.schema = add_columns(schema, reader.infer_schema(si_units=schema.si_units).columns)
                source = msgspec.structs.replace(source, schema_at=now)
        if self._is_due(source.objects_at, now):
            with self._noting(f"{name}: pads, sites and stages"):
                tables += reader.read_objects(sites)
                source = msgspec.structs.replace(source, objects_at=now)
        is_complete = True
        first, width = share[0], (share[1] - share[0]) / max(len(sites), 1)
        for number, site in enumerate(sites):
            if site not in done:
                done.add(site)
                of_site = [change for change in changes if change.site_id == site]
                part = first + width * number, first + width * (number + 1)
                is_complete &= self._run_site(site, source, of_site, part)
        with self._noting(f"{name}: states"):
            self._store_states(reader, sites)
        if not is_complete:
            source = msgspec.structs.replace(source, all_changes_at=None)
        if tables or source != self._session.contents.sources[source.key]:
            self._session.apply(*tables, source_update([source]))
            self._session.contents.sources[source.key] = source

    def _is_due(self, last: datetime | None, now: datetime) -> bool:
        """Return whether the last time is long ago, or in the future: the clock was wrong."""
        return last is None or not timedelta() <= now - last < self._refresh

    def _list_changes(
        self, reader: SourceReader, sites: Sequence[int], name: str, *, acknowledged: bool
    ) -> list[ListedChange]:
        """Return the data changes of the sites; note those that cannot be used."""
        changes = reader.list_changes(acknowledged=acknowledged)
        for problem in reader.unusable_changes:
            self._note(f"{name}: {problem}")
        for change in changes:
            if change.site_id not in sites:
                self._note(f"{name}: data change {change.id} is of site {change.site_id}, which it does not have")
        return changes

    def _run_site(self, site: int, source: Source, changes: Sequence[ListedChange], share: tuple[float, float]) -> bool:
        """Apply the data changes of a site, then read its tail. Return whether nothing failed."""
        problems, contents = len(self.report.problems), self._session.contents
        state = contents.sites.get(site) or SiteState(
            site_id=site, source_kind=source.kind, source_id=source.id, since=source.since, cursor=source.since
        )
        run = SiteCycle(
            self._session,
            state,
            source,
            overlap=self._overlap,
            acknowledges=self._acknowledges,
            meter=self._meter,
            share=share,
        )
        self.report.sites.append(run.report)
        for listed in sorted(changes, key=lambda change: change.sort_key):
            row = contents.ledger.get((site, listed.id))
            if row is not None and row["applied_at"] is not None and listed.is_same(row):
                if self._acknowledges and listed.is_open and row["acknowledged_at"] is not None:
                    self._session.apply(ledger=[{**row, "acknowledged_at": None}])  # it is listed again
                continue
            with self._noting(f"data change {listed.id} of site {site}") as failed:
                run.apply_change(listed)
            if failed:
                run.note_failure(listed, failed[0])
        with self._noting(f"site {site}") as failed:
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
