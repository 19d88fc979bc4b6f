"""The dlt source `restream`: a mirror's cycle as the extraction of a dlt pipeline.

A cycle is collected in one load package. The next run acknowledges its data changes, once the package is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import known_sections
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable
from dlt.extract import DltSource
from dlt.load.configuration import LoaderConfiguration
from msgspec import Struct

from datastore_sdk.client import Client
from datastore_sdk.dlt.package import DltPackage
from datastore_sdk.entities import Pad, Site
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.mirror.cycle import Cycle
from datastore_sdk.mirror.maintenance import add_source, check_source, to_source
from datastore_sdk.mirror.mirror import resolve_time
from datastore_sdk.mirror.session import Session
from datastore_sdk.mirror.stores.dlt_tables import SCHEMA_NAME
from datastore_sdk.mirror.tables import (
    CHANGES,
    FIELDS,
    INFO,
    PADS,
    RECORDS,
    SITES,
    SOURCES,
    STAGES,
    STATE,
    STATES,
    Table,
)

log = get_logger("mirror")
_OBJECTS = (PADS, SITES, STAGES, STATES, FIELDS)
"""Tables with a resource of their own."""
_WITH_RECORDS = (CHANGES, STATE, SOURCES, INFO)
"""Tables of the resource `records`: without the records, they would say that something is stored which is not."""


class SourceOptions(Struct, kw_only=True):
    """Arguments of `datastore_sdk.dlt.restream`."""

    items: Sequence[Pad | Site]
    since: timedelta | datetime | str
    fields: str | Sequence[str] | None
    si_units: bool
    acknowledge: bool
    overlap: timedelta
    refresh: timedelta
    accept_credential: bool


def build_source(client: Client, options: SourceOptions) -> DltSource:
    """Return the source. It makes no request before a pipeline runs it."""
    extraction = _Extraction(client, options)
    resources = [dlt.resource(_read_later(extraction.build_rows, table), name=table.name) for table in _OBJECTS]
    resources.append(dlt.resource(_read_later(extraction.build_records), name=RECORDS))
    return DltSource(dlt.Schema(SCHEMA_NAME), SCHEMA_NAME, resources)


def _read_later(build: Callable[..., Iterator[Any]], *arguments: Any) -> Callable[[], Iterator[Any]]:
    """Return the function of a resource; dlt accepts no methods."""

    def read() -> Iterator[Any]:
        yield from build(*arguments)

    return read


class _Extraction:
    """One cycle for all resources of a load package."""

    def __init__(self, client: Client, options: SourceOptions) -> None:
        self._client = client
        self._options = options
        self._load_id = ""
        self._package: DltPackage | None = None

    def build_rows(self, table: Table) -> Iterator[Any]:
        """Yield the rows of a table."""
        yield from self._run_once().build_rows(table)

    def build_records(self) -> Iterator[Any]:
        """Yield records, ledger and progress."""
        package = self._run_once()
        yield from package.build_records()
        for table in _WITH_RECORDS:
            yield from package.build_rows(table)

    def _run_once(self) -> DltPackage:
        """Run the cycle of this load package, unless another resource has done it."""
        try:
            load_id = dlt.current.load_package_state()["load_id"]
        except CurrentLoadPackageStateNotAvailable as error:
            raise MirrorError("restream() can be read only by a pipeline: pipeline.run(restream(...))") from error
        if self._package is None or load_id != self._load_id:
            if _extractions.setdefault(load_id, self) is not self:  # one would not know the intervals of the other
                raise MirrorError("a run can have only one restream(); pass it all pads: restream(pad=[1, 2])")
            self._package = self._run()
            self._load_id = load_id
        return self._package

    def _run(self) -> DltPackage:
        options, pipeline = self._options, dlt.current.pipeline()
        _check_failed_jobs()
        keys = [("pad" if isinstance(item, Pad) else "site", item.id) for item in options.items]
        package = DltPackage(pipeline.destination, pipeline.dataset_name, keys)
        session = Session(package, self._client, create=True, accept_credential=options.accept_credential)
        for item in options.items:
            added = to_source(item, resolve_time(options.since, "since", session.now_datetime), options.fields)
            check_source(session, added, si_units=options.si_units)
            add_source(session, added, si_units=options.si_units)
        cycle = Cycle(
            session,
            acknowledge=options.acknowledge,
            overlap=int(options.overlap.total_seconds()),
            refresh=options.refresh,
            is_stored_later=True,
        )
        log.info("%s", cycle.run())
        return package


_extractions: WeakValueDictionary[str, _Extraction] = WeakValueDictionary()
"""Extractions of this process, by the id of their load package."""


def _check_failed_jobs() -> None:
    """Check that dlt completes no load with failed jobs: its data changes would count as stored."""
    configuration = resolve_configuration(LoaderConfiguration(), sections=(known_sections.LOAD,), accept_partial=True)
    if not configuration.raise_on_failed_jobs:
        raise MirrorError(
            "dlt is configured to complete loads with failed jobs, so data changes could be acknowledged without being "
            "stored: remove load.raise_on_failed_jobs"
        )
