"""Random resumable saves whose process is killed at random times, compared with an oracle. See `record_order_cases`."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datastore_sdk.client import Client
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.record_order_cases import Case, Service, apply_limits, read_numbers, save
from tests.support.fake_server import Server
from tests.support.jumping_clock import JumpingClock

KILLS = 8
"""How often a save is killed at most; the next one may finish."""
PACE = 0.004
"""Seconds from chunk to chunk."""
LONGEST = 60
"""Seconds after which a process hangs."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["datastore_sdk", "tests.data.record_order_cases"])


@dataclass
class Killed:
    """The outcome of a save that was killed."""

    case: Case
    kills: int
    lost: int
    doubled: int
    failed: bool

    @property
    def sound(self) -> bool:
        """Whether every record came once, or the save failed."""
        return self.failed or not (self.lost or self.doubled)


def run_killed(seed: int) -> Killed:
    """Save, kill, save again, until the file is there."""
    case, chance = case_of(seed), random.Random(seed)
    service = Service(case, pace=PACE)
    kills = 0
    with tempfile.TemporaryDirectory() as folder, Server(service) as server:
        path = Path(folder) / f"records.{case.output}"
        while _is_running(process := _start(seed, server.url, path), chance.uniform(0.02, 0.3), kills):
            process.kill()
            process.join()
            kills += 1
            time.sleep(2 * PACE)  # until the service has noticed
        failed = process.exitcode != 0
        received = Counter[int](() if failed else read_numbers(case, path))
    wanted = Counter(record["n"] for record in case.records)
    return Killed(case, kills, (wanted - received).total(), (received - wanted).total(), failed)


def _start(seed: int, url: str, path: Path) -> Any:
    process: Any = _processes.Process(target=_save, args=(seed, url, str(path)))
    process.start()
    return process


def _is_running(process: Any, seconds: float, kills: int) -> bool:
    """Return whether a process is still running after some time; once it was killed often enough, wait for it."""
    process.join(seconds if kills < KILLS else LONGEST)
    return process.exitcode is None


def case_of(seed: int) -> Case:
    """Return a case that is a resumable save."""
    case = Case(seed)
    outputs = ("json", "csv", "ndjson", "json.gz", "parquet", "arrow")
    case.resume, case.max_bytes, case.output = True, None, outputs[seed % len(outputs)]
    return case


def _save(seed: int, url: str, path: str) -> None:
    if Path(path).exists():  # it was killed just after the file got its name: such a file is whole
        return
    case = case_of(seed)
    with (
        apply_limits(case),
        Client("t0ken-0123456789", base_url=url, clock=JumpingClock(), retries=RetryPolicy(max_attempts=20)) as client,
    ):
        try:
            save(case, client, Path(path))
        except RestreamError:
            raise SystemExit(1) from None
