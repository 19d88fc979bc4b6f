"""Session of a mirror: its store, the contents of the store, and the client."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256

import msgspec

from datastore_sdk._version import VERSION
from datastore_sdk.client import Client
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.contents import Contents, SiteState, info_update, load_contents, schema_updates, state_update
from datastore_sdk.mirror.spans import from_second
from datastore_sdk.mirror.stores.base import RecordsUpdate, Store, Update
from datastore_sdk.mirror.tables import CHANGES, FORMAT, Row, TableUpdate


class StopRequest:
    """Request to end a cycle, made by a signal handler: at once, or after the commit under way."""

    def __init__(self) -> None:
        self._holds = 0
        self._is_requested = False

    def request(self) -> None:
        """Raise KeyboardInterrupt in the main thread: now, or when the store is closed again."""
        self._is_requested = True
        if not self._holds:
            raise KeyboardInterrupt

    @contextmanager
    def hold(self) -> Generator[None]:
        """Postpone a request until the end of a block, and of the blocks around it."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        if self._is_requested and not self._holds:
            raise KeyboardInterrupt


class Session:
    """Access to the store of a mirror. The store is open only for a read or an update at a time.

    Args:
        store: The store.
        client: The client of the service.
        create: Whether the store may be new.
        accept_credential: Whether the credential may differ from the one that filled the store.
        stop: Requests to end.

    Raises:
        MirrorError: The store is of another service, credential or SDK, or does not exist.
    """

    def __init__(
        self,
        store: Store,
        client: Client,
        *,
        create: bool = False,
        accept_credential: bool = False,
        stop: StopRequest | None = None,
    ) -> None:
        self.client = client
        self._stop = stop or StopRequest()
        self._store = store
        with self.open_store(create=create):
            self.contents: Contents = load_contents(store)
            self.schema = self.contents.schema
            """Schema of the next records. It may have columns that are not in the store yet."""
            self._check_owner(accept_credential=accept_credential)

    @property
    def name(self) -> str:
        """Name of the store."""
        return self._store.name

    @property
    def now(self) -> int:
        """Unix second of the client's clock."""
        return int(self.client._executor.clock.now())

    @property
    def now_datetime(self) -> datetime:
        """The same as a datetime in UTC."""
        return from_second(self.now)

    @contextmanager
    def open_store(self, *, create: bool = False) -> Generator[Store]:
        """Open the store for a block. A request to end waits for it: databases fail if they are interrupted."""
        with self._stop.hold():
            self._store.open(create=create)
            try:
                yield self._store
            finally:
                self._store.close()

    def apply(
        self,
        *tables: TableUpdate,
        states: Iterable[SiteState] = (),
        ledger: Iterable[Row] = (),
        records: RecordsUpdate | None = None,
        **others: tuple[object, ...],
    ) -> None:
        """Carry out an update, and keep the contents true.

        Args:
            *tables: Rows of tables.
            states: New progress of sites; their revision is still the one of the contents; it is increased here.
            ledger: Rows of the ledger.
            records: Records of a site.
            **others: Further attributes of `Update`.
        """
        contents, states, ledger = self.contents, [*states], [*ledger]
        increased = [msgspec.structs.replace(state, revision=state.revision + 1) for state in states]
        schema = contents.schema if records is None else records.schema
        update = Update(
            tables=(
                *(schema_updates(schema) if schema is not contents.schema else ()),
                *tables,
                *([state_update(increased)] if increased else []),
                *([TableUpdate(CHANGES, tuple(ledger))] if ledger else []),
            ),
            records=records,
            revisions=tuple((state.site_id, state.revision) for state in states),
        )
        with self._stop.hold():
            with self.open_store() as store:
                store.apply(msgspec.structs.replace(update, **others))
            contents.schema = schema
            if records is not None:
                self.schema = schema
            contents.sites |= {state.site_id: state for state in increased}
            contents.ledger |= {(row["site_id"], row["id"]): row for row in ledger}

    def _check_owner(self, *, accept_credential: bool) -> None:
        """Check that the store is of this service and credential; note them in a new store."""
        info, service = self.contents.info, self.client.base_url
        salt = info.get("salt") or secrets.token_hex(8)
        credential = _fingerprint(self.client, salt)
        if info and info.get("service") != service:
            raise MirrorError(
                f"{self._store.name} is a mirror of {info.get('service')}, but the client is for {service}: "
                "use another store, or that service"
            )
        stored = info.get("credential")
        if stored and credential and stored != credential and not accept_credential:
            raise MirrorError(
                f"{self._store.name} was filled with another credential, which may see other pads and fields. If that "
                "is intended (a new token of the same account), pass accept_credential=True once "
                "(datastore mirror run --accept-credential)"
            )
        if not info or (credential and stored != credential):
            self.contents.info = {
                "format": str(FORMAT),
                "sdk_version": VERSION,
                "service": service,
                "salt": salt,
                "credential": credential or "",
                **{name: value for name, value in info.items() if name in {"schema", "format"}},
            }
            self._store.apply(Update(tables=(info_update(self.contents.info),)))


def _fingerprint(client: Client, salt: str) -> str | None:
    """Return a salted digest of the credential; None if it comes from a function."""
    kind, *values = client._config.auth.value.identity  # noqa: SLF001 - shared by the package
    if kind == "function":
        return None
    return sha256(f"{salt}\n{kind}\n{values[0]}".encode()).hexdigest()[:16]
