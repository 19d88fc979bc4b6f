"""Hundreds of threads and tasks at once against a service that counts: never more than three, nobody refused, nobody
forgotten."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

from datastore_sdk import Client, Pad, RetryPolicy, Site
from datastore_sdk.sandbox import Sandbox
from tests.support.threads import run_in_threads

ONCE = RetryPolicy(max_attempts=1)
"""So that a refusal fails the test."""
START = datetime(2025, 9, 17, 6, tzinfo=UTC)
THREADS, TASKS = 150, 150


def statuses(sandbox: Sandbox) -> Counter[int | None]:
    return Counter(request.status for request in sandbox.requests)


def call_sync(client: Client, number: int) -> None:
    """Make one of several kinds of calls; each endpoint has many callers."""
    match number % 4:
        case 0:
            assert Pad.get_models(client=client)
        case 1:
            assert Site.get_model(981, client=client).id == 981
        case 2:
            assert Pad(681, client=client).get_sites()
        case _:
            data = Site(981, client=client).get_data(start_datetime=START, end_datetime=START + timedelta(seconds=30))
            assert len([*data]) == 31


async def call_async(client: Client, number: int) -> None:
    match number % 4:
        case 0:
            assert await Pad.aget_models(client=client)
        case 1:
            assert (await Site.aget_model(981, client=client)).id == 981
        case 2:
            assert await Pad(681, client=client).aget_sites()
        case _:
            data = await Site(981, client=client).aget_data(
                start_datetime=START, end_datetime=START + timedelta(seconds=30)
            )
            assert len([record async for record in data]) == 31


def test_threads_and_tasks_of_two_event_loops(own_sandbox: Sandbox) -> None:
    def loop(client: Client) -> None:
        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(TASKS // 2):
                    group.create_task(call_async(client, number))

        asyncio.run(main())

    with Client(own_sandbox.token, base_url=own_sandbox.url, retries=ONCE) as client:
        same = client.with_options(headers={"X-Crew": "7"})
        fewer = client.with_options(max_concurrent_calls=1)
        callers = [client, same, fewer]
        threads = [lambda n=n: call_sync(callers[n % 3], n) for n in range(THREADS)]
        run_in_threads([*threads, lambda: loop(client), lambda: loop(same)], 60)
    assert statuses(own_sandbox) == {200: THREADS + TASKS}


def test_with_some_that_are_cancelled(own_sandbox: Sandbox) -> None:
    """Cancelled calls disconnect, and the service may notice a little later; waiting calls still get their turn."""
    chance = random.Random(7)
    patient = RetryPolicy(max_attempts=20, initial_wait=0.01, max_wait=2)

    async def main(client: Client) -> int:
        tasks = [asyncio.create_task(call_async(client, number)) for number in range(TASKS)]
        doomed = chance.sample(tasks, TASKS // 3)
        for task in doomed:
            await asyncio.sleep(chance.random() * 0.01)
            task.cancel()
        async with asyncio.timeout(60):
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes
        assert all(outcome is None for task, outcome in zip(tasks, outcomes, strict=True) if task not in doomed)
        return sum(outcome is None for outcome in outcomes)

    with Client(own_sandbox.token, base_url=own_sandbox.url, retries=patient) as client:
        assert asyncio.run(main(client)) >= TASKS - TASKS // 3
        run_in_threads([lambda n=n: call_sync(client, n) for n in range(12)])  # type: ignore[misc]


def test_many_calls_to_one_endpoint_do_not_delay_another(own_sandbox: Sandbox) -> None:
    with Client(own_sandbox.token, base_url=own_sandbox.url, retries=ONCE) as client:
        served: list[str] = []
        lock, at_once = threading.Lock(), threading.Barrier(101)

        def one(number: int) -> None:
            at_once.wait(20)
            if number == 100:
                Site.get_model(981, client=client)
            else:
                Pad.get_models(client=client)
            with lock:
                served.append("other" if number == 100 else "crowd")

        run_in_threads([lambda n=n: one(n) for n in range(101)], 60)  # type: ignore[misc]
    assert served.index("other") < 100, "it need not wait for all of the crowd"
