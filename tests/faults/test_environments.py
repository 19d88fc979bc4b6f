"""Faults while a client is shared: by threads, by event loops one after another, by a forked process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from datastore_sdk import Client, Pad, RetryPolicy, Site
from datastore_sdk.data.streaming import parallel as slicing
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.faults.conftest import ClientOf
from tests.faults.leak_checks import assert_no_leaks, time_limit
from tests.faults.public_calls import END, PAD, SITE, START
from tests.support.exhaustive import first
from tests.support.threads import run_in_threads

THREADS = 24
PATIENT = RetryPolicy(max_attempts=30)
BAD_DAY = (
    faults.Status(503, path="/v1/*", times=None, probability=0.1, seed=1),
    faults.Reset("request", path="/v1/*", times=None, probability=0.1, seed=2),
    faults.Reset("body", at=1000, path="/data/", times=None, probability=0.2, seed=3),
    faults.Truncate(1500, path="/data/", times=None, probability=0.2, seed=4),
    faults.CutGzip(path="/v1/*", times=None, probability=0.1, seed=5),
)
"""A fault that may happen to any call at any time."""


def everything(client: Client) -> list[Any]:
    """Several calls, one after another."""
    return [
        [pad.id for pad in Pad.get_models(client=client)],
        Site.get_model(SITE, client=client, as_dict=True),
        [stage.start for stage in Site(SITE, client=client).get_stages_metadata(START, END)],
        list(Pad(PAD, client=client).get_data(START, END, is_routed=True)),
    ]


async def everything_async(client: Client) -> list[Any]:
    data = await Pad(PAD, client=client).aget_data(START, END, is_routed=True)
    return [
        [pad.id for pad in await Pad.aget_models(client=client)],
        await Site.aget_model(SITE, client=client, as_dict=True),
        [stage.start for stage in await Site(SITE, client=client).aget_stages_metadata(START, END)],
        [record async for record in data],
    ]


@pytest.mark.parametrize("managed", first(1, [True, False]))
def test_threads_share_a_faulty_service(service: Sandbox, client_of: ClientOf, managed: bool) -> None:
    with time_limit(), assert_no_leaks():
        client = client_of(None if managed else service.token, retries=PATIENT)
        expected = everything(client)
        with service.faults.during(*BAD_DAY):
            results = run_in_threads([lambda: everything(client)] * THREADS)
        client.close()
    assert results == [expected] * THREADS
    assert len([request for request in service.requests if request.path == "/o/token/"]) == managed


def test_threads_with_an_expired_token_renew_once(service: Sandbox, client_of: ClientOf) -> None:
    client = client_of(None)
    expected = everything(client)
    with service.faults.during(faults.ExpireToken()):
        results = run_in_threads([lambda: everything(client)] * THREADS)
    assert results == [expected] * THREADS
    assert len([request for request in service.requests if request.path == "/o/token/"]) == 2


def test_tasks_share_a_faulty_service(service: Sandbox, client_of: ClientOf) -> None:
    with time_limit(), assert_no_leaks():
        client = client_of(retries=PATIENT)
        expected = everything(client)

        async def main() -> list[list[Any]]:
            return await asyncio.gather(*[everything_async(client) for _ in range(THREADS)])

        with service.faults.during(*BAD_DAY):
            results = asyncio.run(main())
        client.close()
    assert results == [expected] * THREADS


@pytest.mark.exhaustive
@pytest.mark.parametrize("parallel", first(1, [3, 2]))
def test_parallel_download_survives_faults(
    service: Sandbox, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, parallel: int
) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=5))

    async def collect(client: Client) -> list[Any]:
        data = await Pad(PAD, client=client).aget_data(START, END, is_routed=True, parallel=parallel)
        return [record async for record in data]

    with time_limit(), assert_no_leaks():
        client = client_of(retries=PATIENT)
        pad = Pad(PAD, client=client)
        expected = list(pad.get_data(START, END, is_routed=True))
        for _ in range(3):
            with service.faults.during(*BAD_DAY):
                assert list(pad.get_data(START, END, is_routed=True, parallel=parallel)) == expected
                assert asyncio.run(collect(client)) == expected
        client.close()


def test_event_loops_in_sequence_survive_faults(service: Sandbox, client_of: ClientOf) -> None:
    with time_limit(), assert_no_leaks():
        client = client_of(retries=PATIENT)
        expected = everything(client)
        for _ in range(4):
            with service.faults.during(*BAD_DAY):
                assert asyncio.run(everything_async(client)) == expected
        client.close()


def test_event_loop_ending_during_a_stream_leaks_nothing(service: Sandbox, client_of: ClientOf) -> None:
    async def begin(client: Client) -> Any:
        data = await Pad(PAD, client=client).aget_data(START, END, is_routed=True)
        async with aclosing(data.data_fetcher) as records:
            return await anext(records)

    with time_limit(), assert_no_leaks():
        client = client_of()
        expected = everything(client)
        for _ in range(4):  # more than there are slots
            with service.faults.during(faults.Stall(at=5000, path="/data/")):
                assert asyncio.run(begin(client)) == expected[3][0]
        assert everything(client) == expected
        client.close()


FORKING = """
    import os, sys
    from datetime import datetime
    from datastore_sdk import Client, Pad
    from datastore_sdk.sandbox import Sandbox, faults
    from tests.support.jumping_clock import JumpingClock

    now, pad, *range_ = sys.argv[1:]

    def pads(**how):
        return [pad.id for pad in Pad.get_models(**how)]

    with Sandbox(now=datetime.fromisoformat(now), days=3) as sandbox:
        os.environ |= sandbox.environment
        client = Client(sandbox.token, base_url=sandbox.url, clock=JumpingClock())
        records = iter(Pad(int(pad), client=client).get_data(*range_))
        begun = [next(records)]
        expected = pads(client=client), pads(), list(Pad(int(pad), client=client).get_data(*range_))
        sandbox.faults.add(faults.Reset("request"), faults.Status(503, times=2))
        child = os.fork()
        if child == 0:
            ours = pads(client=client), pads(), list(Pad(int(pad), client=client).get_data(*range_))
            os._exit(0 if ours == expected else 1)
        _, status = os.waitpid(child, 0)
        ours = pads(client=client), pads(), [*begun, *records]
        client.close()
    print(os.waitstatus_to_exitcode(status), ours == expected)
"""


def test_forked_process_makes_its_own_calls() -> None:
    """The child meets the faults with clients that the parent has used, and with one that is in the middle of a
    stream."""
    program = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n" + textwrap.dedent(FORKING)
    command = [sys.executable, "-c", program, NOW.isoformat(), str(PAD), START.isoformat(), END.isoformat()]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (result.stdout, result.stderr) == ("0 True\n", "")
