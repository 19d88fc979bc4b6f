"""A small field that tests change while a mirror follows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Mirror, MirrorReport, Pad, RetryPolicy
from datastore_sdk._io.clock import Clock
from datastore_sdk.mirror.contents import Contents
from datastore_sdk.mirror.mirror import build_store
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.stores.sql import SqlStore
from datastore_sdk.mirror.verification import Canonical
from datastore_sdk.sandbox import Sandbox, Scenario
from datastore_sdk.sandbox.scenario import ScenarioSite
from tests.conftest import NOW
from tests.mirror.killed_mirrors import open_mirror_store, open_target
from tests.mirror.oracle import Comparison, compare, fetch_records, read_stored_records

BEGIN = NOW - timedelta(minutes=5)
"""When records begin, and the mirror with them."""


class FieldClock(Clock):
    """The clock of this machine: it shows the field's time, or differs from it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.ahead = 0.0
        """Seconds that it is ahead."""

    def now(self) -> float:
        return self._sandbox.field.now() + self.ahead

    def sleep(self, seconds: float) -> None:
        pass


@dataclass
class FollowedField:
    """A field with two sites, and a mirror of it."""

    sandbox: Sandbox
    sites: list[ScenarioSite]
    pad: int
    store: str
    clock: FieldClock
    client: Client
    options: dict[str, Any] = field(default_factory=dict[str, Any])

    def mirror(self, **options: Any) -> Mirror:
        return Mirror(open_target(self.store), client=self.client, **{**self.options, **options})

    def run(self, **options: Any) -> MirrorReport:
        """Mirror the pad from the beginning of its records; run a cycle."""
        with self.mirror(**options) as mirror:
            mirror.add(Pad(self.pad, client=self.client), since=BEGIN)
            return mirror.run()

    def fetch(self, site: ScenarioSite, span: Span | None = None) -> Counter[Canonical]:
        return fetch_records(self.sandbox, site.id, span or whole())

    def read(self, site: ScenarioSite, span: Span | None = None) -> Counter[Canonical]:
        with open_mirror_store(self.store) as (store, contents):
            return read_stored_records(store, contents.schema, site.id, span or whole())

    def compare(self) -> Comparison:
        """Compare all records with those of the service."""
        result = Comparison()
        for site in self.sites:
            result += compare(self.fetch(site), self.read(site))
        return result

    def contents(self) -> Contents:
        with open_mirror_store(self.store) as (_, contents):
            return contents

    def execute(self, statement: str) -> None:
        """Change the store behind the mirror's back."""
        store = build_store(open_target(self.store))
        store.open()
        if not isinstance(store, SqlStore):
            pytest.skip("not a store with SQL")
        store._begin()
        store._execute(statement)
        store._commit()
        store.close()

    def ledger(self) -> dict[int, tuple[bool, bool]]:
        """Return for each data change whether it was applied and acknowledged."""
        rows = self.contents().ledger.values()
        return {row["id"]: (row["applied_at"] is not None, row["acknowledged_at"] is not None) for row in rows}

    def open_changes(self) -> list[int]:
        """Return the data changes that the service lists as open."""
        changes, _ = Pad(self.pad, client=self.client).get_data_changes()
        return sorted(change.id for change in changes)

    def data_requests(self) -> list[str]:
        """Return the paths of the requests for records since the last call."""
        paths = [request.path for request in self.sandbox.requests if request.path.endswith("/data/")]
        self.sandbox.requests.clear()
        return paths


def whole() -> Span:
    return Span(int(BEGIN.timestamp()), int(NOW.timestamp()) + 2 * 86_400)


def at(seconds: int) -> datetime:
    """Return a time, in seconds from the beginning."""
    return BEGIN + timedelta(seconds=seconds)


@pytest.fixture
def scenario() -> Scenario:
    return build_scenario()


def build_scenario() -> Scenario:
    """Return a pad with two sites; each has a frac, standby after it, and records up to two hours from now."""
    scenario = Scenario(now=NOW)
    pad = scenario.pad("Mesquite")
    for name in ("1H", "2H"):
        site = pad.site(name)
        site.records(BEGIN, NOW + timedelta(hours=2), slurry_rate=lambda t: 80 + t % 7 / 3, step=lambda t: t // 60)
        site.stage(1, start=BEGIN, end=at(120), aggregations={"avg_slurry_rate": 80.5})
        site.stage(1, "standby_standby", start=at(120))
    return scenario


FIRST, *OTHERS = ("dlt-duckdb", "dlt-sqlite") if find_spec("dlt") else ("duckdb", "postgres", "delta")
"""Stores; dlt is installed in the environment of scripts/engines only."""
STORES = [FIRST, *(pytest.param(kind, marks=pytest.mark.exhaustive) for kind in OTHERS)]


@pytest.fixture(params=STORES)
def followed(request: pytest.FixtureRequest, scenario: Scenario, tmp_path: Path) -> Iterator[FollowedField]:
    """Follow the scenario's pad in each kind of store."""
    stores: dict[str, Callable[[], str]] = {
        "duckdb": lambda: str(tmp_path / "field.duckdb"),
        "postgres": _create_database,
        "delta": lambda: f"delta:{tmp_path}/lake",
        "dlt-duckdb": lambda: f"dlt-duckdb:{tmp_path}/field.duckdb",
        "dlt-sqlite": lambda: f"dlt-sqlite:{tmp_path}/field.db",
    }
    yield from follow(scenario, stores[request.param]())


def _create_database() -> str:
    from tests.mirror.postgres_server import create_database

    return create_database()


def follow(scenario: Scenario, store: str, untidy: int | None = None) -> Iterator[FollowedField]:
    with Sandbox(scenario=scenario, untidy=untidy) as sandbox:
        clock = FieldClock(sandbox)
        with Client(sandbox.token, base_url=sandbox.url, clock=clock, retries=RetryPolicy(max_attempts=2)) as client:
            (pad,) = scenario.pads
            yield FollowedField(sandbox, pad.sites, pad.id, store, clock, client)
