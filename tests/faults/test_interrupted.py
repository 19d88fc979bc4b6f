"""Calls that are cancelled or interrupted in the middle: nothing half-written, nothing left, the client still good."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from datastore_sdk import Client, Pad
from datastore_sdk._io.clock import Clock
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.faults.conftest import ClientOf
from tests.faults.leak_checks import assert_no_leaks, list_running_tasks, time_limit
from tests.faults.public_calls import DEFINITION, END, PAD, START
from tests.support.leak_checks import read_files

TIMEOUT_SECONDS = 20.0
_NUMBERS = itertools.count(1)


async def read(client: Client, _: Path) -> None:
    await Pad.aget_models(client=client)


async def create(client: Client, _: Path) -> None:
    # Another name each time: the service may carry out what the client no longer waits for.
    await Pad(PAD, client=client).acreate_stages_aggregations([DEFINITION | {"name": "a" * next(_NUMBERS)}])


async def iterate(client: Client, _: Path) -> None:
    async for _record in await Pad(PAD, client=client).aget_data(START, END):
        pass


async def save(client: Client, folder: Path) -> None:
    data = await Pad(PAD, client=client).aget_data(START, END)
    await data.asave(folder / "old.csv", overwrite=True)


Work = Callable[[Client, Path], Awaitable[None]]


async def wait_for_faults(service: Sandbox, count: int = 1) -> None:
    """Wait until calls have met faults."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while len([request for request in service.requests if request.fault]) < count:
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("fault", [faults.Delay(), faults.Stall(0), faults.Stall(100)], ids=lambda fault: fault.name)
@pytest.mark.parametrize("work", [read, create, iterate, save])
def test_cancel_while_reading_leaks_nothing(
    service: Sandbox, client_of: ClientOf, tmp_path: Path, work: Work, fault: faults.Fault
) -> None:
    (tmp_path / "old.csv").write_text("old")

    async def main(client: Client) -> None:
        for _ in range(5):  # more than there are slots
            service.reset()
            service.faults.add(fault)
            task = asyncio.ensure_future(work(client, tmp_path))
            await wait_for_faults(service)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await list_running_tasks() == set()
        service.reset()
        await work(client, tmp_path)

    with time_limit(), assert_no_leaks():
        client = client_of()
        asyncio.run(main(client))
        client.close()
    assert set(read_files(tmp_path)) == {"old.csv"}
    if work is not save:
        assert read_files(tmp_path) == {"old.csv": b"old"}


class EndlessClock(Clock):
    """Who sleeps by it sleeps for ever."""

    async def asleep(self, seconds: float) -> None:  # noqa: ARG002 - however long
        await asyncio.Event().wait()


@pytest.mark.parametrize("work", [read, iterate, save])
def test_cancel_before_a_retry_leaks_nothing(service: Sandbox, client_of: ClientOf, tmp_path: Path, work: Work) -> None:
    async def main(client: Client) -> None:
        for count in range(1, 6):
            service.faults.add(faults.Status(429, retry_after=20))
            task = asyncio.ensure_future(work(client, tmp_path))
            await wait_for_faults(service, count)
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await work(client, tmp_path)

    with time_limit(), assert_no_leaks():
        client = client_of(clock=EndlessClock())
        asyncio.run(main(client))
        client.close()


INTERRUPTED = """
    import os, signal, sys, threading, time
    from datetime import datetime
    from pathlib import Path
    from datastore_sdk import Client, Pad
    from datastore_sdk.sandbox import Sandbox, faults

    folder, name, option, now, pad, start, end = sys.argv[1:]
    folder, options = Path(folder), {"resume": True} if option == "resume" else {}

    def begun():
        partial = folder / f"{name}.partial"
        kept = not options or partial.exists() and partial.stat().st_size > 1000
        return kept and [request for request in sandbox.requests if request.fault]

    def interrupt():
        while not begun():
            time.sleep(0.001)
        time.sleep(0.05)  # so that it waits for bytes
        os.kill(os.getpid(), signal.SIGINT)

    now = datetime.fromisoformat(now)
    with Sandbox(now=now, days=3) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        data = Pad(int(pad), client=client).get_data(start, end)
        sandbox.faults.add(faults.Stall(5000, path="/data/"))
        threading.Thread(target=interrupt).start()
        try:
            data.save(folder / name, overwrite=True, **options)
        except KeyboardInterrupt:
            print("interrupted", sorted(path.name for path in folder.iterdir()), (folder / name).read_text())
        data.save(folder / name, overwrite=True, **options)
        data.save(folder / f"undisturbed_{name}")
        same = (folder / name).read_bytes() == (folder / f"undisturbed_{name}").read_bytes()
        print("saved", sorted(path.name for path in folder.iterdir()), same)
"""


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("records.json", "plain"),
        ("records.csv", "resume"),
        ("records.parquet", "resume"),
        pytest.param("records.csv", "plain", marks=pytest.mark.exhaustive),
        pytest.param("records.parquet", "plain", marks=pytest.mark.exhaustive),
        pytest.param("records.json", "resume", marks=pytest.mark.exhaustive),
    ],
)
def test_interrupt_during_a_save_keeps_the_old_file(tmp_path: Path, name: str, option: str) -> None:
    (tmp_path / name).write_text("old")
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", textwrap.dedent(INTERRUPTED)]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""}
    query = NOW.isoformat(), str(PAD), START.isoformat(), END.isoformat()
    result = subprocess.run(
        [*command, str(tmp_path), name, option, *query],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert result.stderr == ""
    stored = [f"{name}.partial"] if option == "resume" else []
    assert result.stdout.splitlines() == [
        f"interrupted {[name, *stored]} old",
        f"saved {[name, f'undisturbed_{name}']} True",
    ]
