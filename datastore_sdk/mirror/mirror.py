"""`Mirror`: pads and sites kept true in a database or lake of the user."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeGuard, cast

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk._utils.validation import validate_datetime, validate_flag, validate_id
from datastore_sdk.client import Client, client_for
from datastore_sdk.data.progress_display import open_display
from datastore_sdk.entities import Pad, Site
from datastore_sdk.mirror.progress import MirrorProgress
from datastore_sdk.mirror.report import MirrorReport, MirrorStatus, MirrorVerification
from datastore_sdk.mirror.spans import from_second

if TYPE_CHECKING:
    from dlt.common.destination import Destination

    from datastore_sdk.mirror.session import Session, StopRequest
    from datastore_sdk.mirror.stores.base import Store

OVERLAP = timedelta(minutes=10)
"""Default of `overlap`."""
REFRESH = timedelta(minutes=10)
"""Default of `refresh`."""
SAMPLE = 3
"""Default number of intervals that `verify` compares for each site."""


class Mirror:
    """A copy of pads and sites in a database or lake of yours, kept true: new records, and corrections exactly once.

    `add` says what to mirror; the store remembers it. `run` reads what is new: call it again and again, from cron or
    `datastore mirror run --every 60s`. It can be killed at any time: nothing is lost, doubled, or acknowledged without
    being stored. docs/mirror.md has the tables, the views and the reasons.

    The store is a DuckDB file (`field.duckdb`), a PostgreSQL database (`postgresql://...`), a folder of Delta tables
    (`delta:lake`) or a dlt destination (`dlt.destinations.snowflake(...)`). It is open only while the mirror reads or
    writes it. Needs the extra `mirror`, `postgres`, `lake` or `dlt`.

    There is no async form, since the libraries of the stores have none: use `await asyncio.to_thread(mirror.run)`.

    Args:
        store: The store. A name without a scheme is a DuckDB file. A dlt destination is passed as an object.
        auth_token: Token from Tally. Default: the credentials of the environment.
        client: Client for all calls, instead of a token.
        acknowledge: Whether to acknowledge data changes that were stored. False: the mirror is a follower, for a second
            mirror with the same credential. It also lists the changes that others have acknowledged.
        overlap: How far before the last record each cycle reads again, for records that come late.
        refresh: How often to read pads, sites and stages again, and to list acknowledged data changes too.
        accept_credential: Whether a store that was filled with another credential is accepted, and from now on belongs
            to this one.
        dataset: Dataset of a dlt destination: a schema of the database. Default: `restream_mirror`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The store or a time is invalid.
        ImportError: The extra of the store is not installed.
    """

    def __init__(
        self,
        store: str | os.PathLike[str] | Destination[Any, Any],
        auth_token: str | None = None,
        *,
        client: Client | None = None,
        acknowledge: bool = True,
        overlap: timedelta = OVERLAP,
        refresh: timedelta = REFRESH,
        accept_credential: bool = False,
        dataset: str | None = None,
    ) -> None:
        self._store = build_store(store, dataset)
        self._client = client_for(auth_token, client)
        del auth_token
        self._acknowledge = validate_flag(acknowledge, "acknowledge")
        self._overlap = int(validate_duration(overlap, "overlap").total_seconds())
        self._refresh = validate_duration(refresh, "refresh")
        self._accept_credential = validate_flag(accept_credential, "accept_credential")
        self._stop: StopRequest | None = None

    def add(
        self,
        source: Pad | Site,
        *,
        since: timedelta | datetime | str,
        fields: str | Sequence[str] | None = None,
        si_units: bool = False,
    ) -> None:
        """Mirror a pad with all its sites, or one site, from a time on. The next `run` downloads it.

        Adding it again changes nothing, so a program may do so at each start. An earlier `since` extends the mirror:
        the next `run` reads everything from then on again.

        Args:
            source: The pad or site.
            since: How far to go back from now, or a time (with time zone, or ISO 8601 text).
            fields: Names of the fields. Default: all fields that you have access to.
            si_units: True: SI units. All sources of a mirror have the same units.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A time is invalid, or the mirror has other units or other fields of the source.
            NotFoundError: The pad or site does not exist, or the credential has no access to it.
            MirrorError: The store cannot be used.
        """
        from datastore_sdk.mirror.maintenance import add_source, check_source, to_source
        from datastore_sdk.mirror.stores.base import StoreMissingError

        if not isinstance(source, Pad | Site):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"source must be a Pad or a Site, not {source!r}")
        validate_flag(si_units, "si_units")
        added = to_source(source, resolve_time(since, "since", self._now), fields)
        session: Session | None = None
        with suppress(StoreMissingError):
            session = self._open_session()  # errors of the store come before the first request
            check_source(session, added, si_units=si_units)
        if session is None or added.key not in session.contents.sources:
            type(source).get_model(id=source.id, client=self._client, as_dict=True)
        add_source(session or self._open_session(create=True), added, si_units=si_units)

    def run(self, *, progress: bool | Callable[[MirrorProgress], None] = False) -> MirrorReport:
        """Run one cycle: read new records, apply data changes, and acknowledge them.

        A failure of one site or data change is a problem in the report. The others continue, and the next cycle retries
        it.

        Args:
            progress: True shows the progress: on a terminal, in a notebook, or else every 10 s in the log (logger
                `datastore_sdk`). A function receives it a few times per second.

        Raises:
            TypeError: `progress` is something else.
            MirrorError: The store cannot be used: another program has it open, its disk is full, it belongs to another
                service. Nothing was stored by halves.
            RestreamError: The service cannot be reached, or rejects the credential.
        """
        from datastore_sdk.mirror.cycle import Cycle

        with open_display(progress) as callback:
            cycle = Cycle(
                self._open_session(),
                acknowledge=self._acknowledge,
                overlap=self._overlap,
                refresh=self._refresh,
                progress=callback,
            )
            return cycle.run()

    def status(self) -> MirrorStatus:
        """Return the progress of each site, without a request to the service.

        Raises:
            MirrorError: The store cannot be used.
        """
        from datastore_sdk.mirror.status import read_status

        return read_status(self._open_session())

    def verify(self, *, sample: int = SAMPLE, seed: int | None = None) -> MirrorVerification:
        """Compare intervals of the store with the service: ten minutes each, chosen at random for each site.

        Args:
            sample: Number of intervals for each site.
            seed: Seed of the choice. Default: another choice each time.

        Raises:
            ValueError: `sample` is not positive.
            MirrorError: No site was read yet, or the store cannot be used.
            RestreamError: The service cannot be reached, or rejects the credential.
        """
        from datastore_sdk.mirror.verification import verify

        return verify(self._open_session(), validate_id(sample, "sample"), seed)

    def reread(self, source: Pad | Site) -> None:
        """Let the next `run` read a pad or site again from its beginning, and replace its records.

        The site may also be one of an added pad.

        Raises:
            MirrorError: The source is not part of the mirror, or the store cannot be used.
        """
        from datastore_sdk.mirror.maintenance import reread_source

        reread_source(self._open_session(), source)

    def trim(self, before: timedelta | datetime | str) -> None:
        """Delete the records before a time, for retention. They are not downloaded again.

        Args:
            before: An age, or a time (with time zone, or ISO 8601 text).

        Raises:
            MirrorError: The store cannot be used.
        """
        from datastore_sdk.mirror.maintenance import trim_records

        trim_records(self._open_session(), resolve_time(before, "before", self._now))

    def forget(self, source: Pad | Site) -> None:
        """Delete a pad or site from the mirror, with its records, stages and ledger.

        Raises:
            MirrorError: The source is not part of the mirror, or the store cannot be used.
        """
        from datastore_sdk.mirror.maintenance import forget_source

        forget_source(self._open_session(), source)

    def stop(self) -> None:
        """End a running cycle from a signal handler, by `KeyboardInterrupt`: at once, or after the commit under way.

        Raises:
            KeyboardInterrupt: Nothing is being stored.
        """
        if self._stop is None:
            raise KeyboardInterrupt
        self._stop.request()

    def close(self) -> None:
        """Close the store, if a failure has left it open. The mirror can still be used."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Mirror({self._store.name!r})"

    @property
    def _now(self) -> datetime:
        return from_second(int(self._client._executor.clock.now()))

    def _open_session(self, *, create: bool = False) -> Session:
        from datastore_sdk.mirror.session import Session, StopRequest

        if self._stop is None:
            self._stop = StopRequest()
        session = Session(
            self._store,
            self._client,
            create=create,
            accept_credential=self._accept_credential,
            stop=self._stop,
        )
        self._accept_credential = False  # once is enough
        return session


def build_store(store: object, dataset: object = None) -> Store:
    """Return the store of a name, such as `field.duckdb`, or of a dlt destination."""
    if dataset is not None and (not isinstance(dataset, str) or not dataset):
        raise TypeError(f"dataset must be text, not {dataset!r}")
    if _is_destination(store):
        require_extra("dlt", "pyarrow", extra="dlt")
        from datastore_sdk.mirror.stores.dlt_store import DltStore

        return DltStore(store, dataset or "restream_mirror")
    if dataset is not None:
        raise ValueError("dataset is for dlt destinations; other stores have no datasets")
    name = os.fspath(cast("str", store)) if isinstance(store, str | os.PathLike) else None
    if not isinstance(name, str) or not name:
        raise TypeError(
            'store must be a path, text such as "field.duckdb" or "postgresql://...", or a dlt destination, '
            f"not {store!r}"
        )
    scheme, separator, root = name.partition(":")
    if scheme in {"postgresql", "postgres"}:
        require_extra("adbc_driver_postgresql", "pyarrow", extra="postgres")
        from datastore_sdk.mirror.stores.postgres_store import PostgresStore

        return PostgresStore(name)
    if scheme == "delta":
        require_extra("deltalake", "pyarrow", extra="lake")
        from datastore_sdk.mirror.stores.delta_store import DeltaStore

        return DeltaStore(root)
    if separator and "/" not in scheme and len(scheme) > 1:  # one letter is a drive of Windows
        raise ValueError(f'unknown store {scheme!r}: pass "field.duckdb", "postgresql://..." or "delta:folder"')
    require_extra("duckdb", "pyarrow", extra="mirror")
    from datastore_sdk.mirror.stores.duckdb_store import DuckDbStore

    return DuckDbStore(Path(name))


def _is_destination(store: object) -> TypeGuard[Destination[Any, Any]]:
    """Return whether an object is a dlt destination. Who passes one has imported dlt."""
    module = sys.modules.get("dlt.common.destination")
    return module is not None and isinstance(store, module.Destination)


def resolve_time(value: timedelta | datetime | str, name: str, now: datetime) -> datetime:
    """Return a time, or the time so long ago."""
    if isinstance(value, timedelta):
        return now - validate_duration(value, name)
    if (time := validate_datetime(value, name)) is None:
        raise TypeError(f"{name} must be a timedelta, a datetime or ISO 8601 text, not None")
    return time


def validate_duration(value: object, name: str) -> timedelta:
    """Check a duration."""
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} must be a timedelta, not {value!r}")
    if value < timedelta():
        raise ValueError(f"{name} must not be negative")
    return value
