"""Mirrors whose process is killed at random, compared with the sandbox that they mirror.

The field's clock moves, data is corrected, requests fail, and the process gets SIGKILL: at a random time, or just
before or after one of its commits.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from datastore_sdk import Client, Mirror, Pad, RestreamError, RetryPolicy
from datastore_sdk.mirror.contents import Contents, load_contents
from datastore_sdk.mirror.mirror import build_store
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.stores.base import Store
from datastore_sdk.sandbox import Sandbox, faults
from tests.mirror.oracle import Comparison, compare, fetch_records, read_stored_records

StoreKind = Literal["duckdb", "postgres", "delta", "dlt-duckdb", "dlt-sqlite", "dlt-pipeline"]

KILLS = 10
"""How often the mirror of a case is killed."""
LONGEST = 120
"""Seconds after which a process hangs."""
PAD = 668
PIPELINE = "dlt-pipeline:"
SINCE = timedelta(minutes=40)
KINDS = ("delete", "move", "override", "annotate", "move_delete", "augment", "a_new_kind")

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "datastore_sdk",
        "datastore_sdk.mirror.cycle",
        "datastore_sdk.mirror.stores.dlt_store",  # ignored if dlt is not installed
        "tests.mirror.killed_mirrors",
    ]
)


@dataclass
class Outcome:
    """The outcome of a case."""

    seed: int
    kind: StoreKind
    kills: int = 0
    corrections: int = 0
    faults: int = 0
    comparison: Comparison = field(default_factory=Comparison)
    falsely_acknowledged: int = 0
    """Data changes that were acknowledged, but not in the store."""
    not_acknowledged: int = 0
    """Data changes that are open at the end."""
    problems: list[str] = field(default_factory=list[str])

    @property
    def sound(self) -> bool:
        return self.comparison.is_equal and not (self.falsely_acknowledged or self.not_acknowledged or self.problems)


def run_killed(
    seed: int, kind: StoreKind, target: str | None = None, kills: int = KILLS, since: timedelta = SINCE
) -> Outcome:
    """Mirror, kill, mirror again; then compare.

    Args:
        seed: Seed of everything random.
        kind: The store.
        target: An empty PostgreSQL database.
        kills: How often the mirror is killed.
        since: How far the mirror goes back.
    """
    chance, outcome = random.Random(f"{seed} {kind}"), Outcome(seed, kind)
    start = datetime.now(UTC)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(seed=seed, now=start, days=1, untidy=seed if seed % 2 else None) as sandbox,
    ):
        files = {"delta": "lake", "dlt-sqlite": "field.db"}
        name = target or f"{'' if kind == 'duckdb' else f'{kind}:'}{folder}/{files.get(kind, 'field.duckdb')}"
        case = _Case(sandbox, name, start - since, chance, outcome)
        while outcome.kills < kills:
            case.change_the_field()
            case.lose_working_directory()
            case.run_until_killed()
            case.check_acknowledgements()
        sandbox.faults.clear()
        case.finish()
        case.compare()
    return outcome


class _Case:
    def __init__(self, sandbox: Sandbox, name: str, since: datetime, chance: random.Random, outcome: Outcome) -> None:
        self._sandbox = sandbox
        self._name = name
        self._since = since
        self._chance = chance
        self._outcome = outcome
        self._sites = [site.id for site in sandbox.field.operations[PAD].pad.sites]
        corrections = (change for site in self._sites for change in sandbox.field.corrections(site))
        self._checked = {change.id for change in corrections if not self._is_open(change)}
        """Acknowledged changes that need no further check: at first those that another program acknowledged before."""

    def change_the_field(self) -> None:
        """Let time pass, correct data, and let requests fail."""
        chance, field = self._chance, self._sandbox.field
        if chance.random() < 0.7:
            self._sandbox.advance(chance.choice([1, 20, 300, 1500]))
        while chance.random() < 0.7:
            length = int(field.now() - self._since.timestamp())
            first = self._since + timedelta(seconds=chance.randint(-600, length))
            last = first + timedelta(seconds=chance.choice([0, 5, 200, 3000]))
            kind: Any = chance.choice(KINDS[:-1])
            field.correct(chance.choice(self._sites), first, last, modification_subtype=kind)
            self._outcome.corrections += 1
        self._sandbox.faults.clear()
        while chance.random() < 0.6:
            path = chance.choice(["/sites/*/data/", "/sites/*/data_changes/", "/pads/*/data_changes/", "*"])
            fault: faults.Fault = chance.choice(
                [
                    faults.Status(chance.choice([429, 500, 503, 404]), path=path),
                    faults.Reset(
                        when=chance.choice(["request", "processed", "body"]),
                        at=chance.choice([0, 900, 90_000]),
                        path=path,
                    ),
                    faults.Truncate(at=chance.choice([1, 5000, 100_000]), path=path),
                    faults.Corrupt(at=chance.choice([1, 5000, 100_000]), path=path),
                    faults.WrongJson(path=path),
                ]
            )
            self._sandbox.faults.add(fault)
            self._outcome.faults += 1

    def lose_working_directory(self) -> None:
        """Lose the packages that a killed pipeline has not loaded yet, as a container does, now and then."""
        if self._outcome.kind == "dlt-pipeline" and self._chance.random() < 0.3:
            shutil.rmtree(_pipelines_dir(self._name), ignore_errors=True)

    def run_until_killed(self) -> None:
        """Run cycles in a process and kill it."""
        chance = self._chance
        trap = None if chance.random() < 0.6 else (chance.randint(0, 8), chance.choice(["before", "after"]))
        process: Any = _processes.Process(
            target=_mirror, args=(self._sandbox.url, self._sandbox.token, self._name, self._since, trap)
        )
        process.start()
        seconds = 4.0 if trap else chance.choice([0.1, 0.3, 1.0, 2.0]) * chance.uniform(0.5, 1.5)
        process.join(seconds * (4 if self._outcome.kind == "dlt-pipeline" else 1))  # one run takes some seconds
        if process.exitcode is None:
            process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            self._outcome.problems.append(f"the mirror ended with {process.exitcode}")
        self._outcome.kills += 1

    def finish(self) -> None:
        """Run cycles until nothing is left to do."""
        process: Any = _processes.Process(
            target=_mirror_to_the_end, args=(self._sandbox.url, self._sandbox.token, self._name, self._since)
        )
        process.start()
        process.join(LONGEST)
        if process.exitcode != 0:
            process.kill()
            self._outcome.problems.append(f"the last run ended with {process.exitcode}")

    def check_acknowledgements(self) -> None:
        """Check that each acknowledged change is in the store, unless another change of its interval came later.

        A pipeline is checked at the end only: a load that was killed leaves tables half replaced until the next run. It
        would not repair a change that was falsely acknowledged, since it does not list that again.
        """
        if self._outcome.kind == "dlt-pipeline":
            return
        acknowledged = [
            change
            for site in self._sites
            for change in self._sandbox.field.corrections(site)
            if change.id not in self._checked and not self._is_open(change)
        ]
        if not acknowledged:
            return
        with open_mirror_store(self._name) as (store, contents):
            for change in acknowledged:
                self._checked.add(change.id)
                row = contents.ledger.get((change.site_id, change.id))
                if row is None or row["applied_at"] is None:
                    self._outcome.falsely_acknowledged += 1
                    continue
                state = contents.sites[change.site_id]
                span = Span(change.start, change.end + 1).clip(Span(state.since, state.cursor))
                later = [
                    other
                    for other in self._sandbox.field.corrections(change.site_id)
                    if (found := contents.ledger.get((other.site_id, other.id))) is None or found["applied_at"] is None
                    if Span(other.start, other.end + 1).clip(span).seconds
                ]
                if span.seconds and not later:
                    expected = fetch_without_faults(self._sandbox, change.site_id, span)
                    stored = read_stored_records(store, contents.schema, change.site_id, span)
                    if not compare(expected, stored).is_equal:
                        self._outcome.falsely_acknowledged += 1

    def compare(self) -> None:
        """Compare everything."""
        with open_mirror_store(self._name) as (store, contents):
            for site in self._sites:
                span = Span(int(self._since.timestamp()), self._sandbox.field.now() + 86_400)
                expected = fetch_records(self._sandbox, site, span)
                self._outcome.comparison += compare(expected, read_stored_records(store, contents.schema, site, span))
                changes = self._sandbox.field.corrections(site)
                self._outcome.not_acknowledged += sum(
                    change.end >= span.first and self._is_open(change) for change in changes
                )

    def _is_open(self, change: Any) -> bool:
        service: Any = self._sandbox._service
        acknowledgements = service.acknowledgements
        received = {number for ids in acknowledgements._received.values() for number in ids}
        return change.created_at >= acknowledgements._before and change.id not in received


def fetch_without_faults(sandbox: Sandbox, site: int, span: Span) -> Any:
    waiting = sandbox.faults._pending[:]
    sandbox.faults.clear()
    try:
        return fetch_records(sandbox, site, span)
    finally:
        sandbox.faults._pending[:] = waiting


def open_target(name: str) -> Any:
    """Return the dlt destination of a name such as `dlt-duckdb:field.duckdb`; other names as they are."""
    kind, _, path = name.partition(":")
    if not kind.startswith("dlt-"):
        return name
    import dlt

    if kind == "dlt-sqlite":
        return dlt.destinations.sqlalchemy(f"sqlite:///{path}")
    return dlt.destinations.duckdb(path)


def _open_store(name: str) -> Store:
    if not name.startswith(PIPELINE):
        return build_store(open_target(name))
    from datastore_sdk.dlt.package import DltPackage

    return DltPackage(open_target(name), "restream_data", [("pad", PAD)])


def _pipelines_dir(name: str) -> str:
    return str(Path(name.removeprefix(PIPELINE)).with_name("pipelines"))


@contextmanager
def open_mirror_store(name: str) -> Generator[tuple[Store, Contents]]:
    store = _open_store(name)
    store.open()
    try:
        yield store, load_contents(store)
    finally:
        store.close()


def _run_pipeline(url: str, token: str, name: str, since: datetime) -> None:
    """Run the dlt source `restream` once; after a kill, dlt only loads the rest of the killed run."""
    import dlt

    from datastore_sdk.dlt import restream

    pipeline = dlt.pipeline(
        "field", destination=open_target(name), dataset_name="restream_data", pipelines_dir=_pipelines_dir(name)
    )
    with Client(token, base_url=url, retries=RetryPolicy(max_attempts=3, max_wait=0.05)) as client:
        pipeline.run(restream(pad=PAD, since=since, client=client, refresh=timedelta(days=1)))


def _build_mirror(url: str, token: str, name: str, since: datetime) -> Mirror:
    policy = RetryPolicy(max_attempts=3, max_wait=0.05)
    client = Client(token, base_url=url, retries=policy)
    mirror = Mirror(open_target(name), client=client, refresh=timedelta(seconds=2))
    mirror.add(Pad(PAD, client=client), since=since)
    return mirror


def _mirror(url: str, token: str, name: str, since: datetime, trap: tuple[int, str] | None) -> None:
    """Run cycles without end. With a trap, the process kills itself before or after its n-th commit."""
    if trap:
        _set_trap(name, *trap)
    while True:
        try:
            if name.startswith(PIPELINE):
                _run_pipeline(url, token, name, since)
            else:
                _build_mirror(url, token, name, since).run()
        except RestreamError:
            time.sleep(0.01)
        except Exception as error:
            if "dlt." not in type(error).__module__:
                raise
            time.sleep(0.01)


def _mirror_to_the_end(url: str, token: str, name: str, since: datetime) -> None:
    if name.startswith(PIPELINE):
        for _ in range(3):  # the rest of a killed run; records and changes; their acknowledgement
            _run_pipeline(url, token, name, since)
        return
    mirror = _build_mirror(url, token, name, since)
    for _ in range(10):
        report = mirror.run()
        if report.is_complete and not report.changes and not report.acknowledged:
            return
    raise SystemExit("problems remain")


def _set_trap(name: str, number: int, when: str) -> None:
    """Replace the commit of a kind of store by one that kills the process."""
    kind: Any = type(_open_store(name))
    method = "_commit"
    if name.startswith(PIPELINE):
        from dlt.destinations.job_client_impl import SqlJobClientBase

        kind, method = SqlJobClientBase, "complete_load"
    commit, commits = getattr(kind, method), [0]

    def trap(self: Any, *args: Any) -> Any:
        commits[0] += 1
        is_due = commits[0] > number
        if is_due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = commit(self, *args)
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(kind, method, trap)
