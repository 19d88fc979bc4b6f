"""The limit itself: never more holders than slots, first come first served, nobody forgotten."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from datastore_sdk._io import semaphore as slots_module
from datastore_sdk._io.effects import EffectGen, RunBlocking, Sleep
from datastore_sdk._io.semaphore import Semaphore
from datastore_sdk.client import Client
from tests.support.interruption import Interrupting
from tests.support.threads import run_in_threads, start_thread

LIMIT = 3


@pytest.fixture
def client() -> Client:
    """It drives steps; it calls nobody."""
    return Client("t0ken", base_url="http://127.0.0.1:9")


class Gauge:
    """How many are in at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = self.max_in_use = self.uses = 0

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1
            self.uses += 1
            self.max_in_use = max(self.max_in_use, self.now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.now -= 1


def use_permit(slots: Semaphore, gauge: Gauge, seconds: float = 0.0) -> EffectGen[None]:
    lease = yield from slots.acquire()
    try:
        with gauge:
            yield from Sleep(seconds)
    finally:
        lease.release()


def assert_all_free(slots: Semaphore, client: Client) -> None:
    """Assert that the limit of permits can be acquired, and not one more."""
    permits = [start_thread(lambda: client._drive(slots.acquire())).result(5) for _ in range(LIMIT)]
    more = start_thread(lambda: client._drive(slots.acquire()))
    with pytest.raises(TimeoutError):
        more.result(0.02)
    permits.pop().release()
    more.result(5).release()
    for lease in permits:
        lease.release()


def test_hundreds_of_threads(client: Client) -> None:
    slots, gauge = Semaphore(LIMIT), Gauge()

    def work() -> None:
        for _ in range(3):
            client._drive(use_permit(slots, gauge, random.choice([0, 0.0005])))

    run_in_threads([work] * 200)
    assert (gauge.max_in_use, gauge.uses, gauge.now) == (LIMIT, 600, 0)
    assert_all_free(slots, client)


def test_hundreds_of_tasks(client: Client) -> None:
    slots, gauge = Semaphore(LIMIT), Gauge()

    async def main() -> None:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for _ in range(300):
                group.create_task(client._adrive(use_permit(slots, gauge)))

    asyncio.run(main())
    assert (gauge.max_in_use, gauge.uses, gauge.now) == (LIMIT, 300, 0)
    assert_all_free(slots, client)


def test_threads_and_tasks_of_several_event_loops_together(client: Client) -> None:
    slots, gauge = Semaphore(LIMIT), Gauge()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(client._adrive(use_permit(slots, gauge, 0.001)))

    looping: Callable[[], None] = lambda: asyncio.run(main())  # noqa: E731
    blocking: Callable[[], None] = lambda: client._drive(use_permit(slots, gauge, 0.001))  # noqa: E731
    run_in_threads([looping, *[blocking] * 60, looping])
    assert (gauge.max_in_use, gauge.uses, gauge.now) == (LIMIT, 140, 0)
    assert_all_free(slots, client)


def test_first_come_first_served(client: Client) -> None:
    slots, served = Semaphore(1), list[int]()

    def turn(number: int) -> EffectGen[None]:
        lease = yield from slots.acquire()
        served.append(number)
        lease.release()

    async def main() -> None:
        lease = await client._adrive(slots.acquire())
        tasks = [asyncio.create_task(client._adrive(turn(number))) for number in range(50)]
        await asyncio.sleep(0.01)
        lease.release()
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks)

    asyncio.run(main())
    assert served == [*range(50)]


def test_permits_go_to_callers_in_order(client: Client) -> None:
    """A caller that releases a permit and acquires again at once waits behind the others."""
    slots, served, arrived = Semaphore(1), list[str](), threading.Semaphore(0)

    def greedy() -> EffectGen[None]:
        for turn in range(2):
            lease = yield from slots.acquire()
            served.append("greedy")
            if turn == 0:
                yield from RunBlocking(wait_for_the_others)
            lease.release()

    def wait_for_the_others() -> None:
        for _ in range(3):
            assert arrived.acquire(timeout=5)
        time.sleep(0.1)

    def patient() -> EffectGen[None]:
        arrived.release()
        lease = yield from slots.acquire()
        served.append("patient")
        lease.release()

    first = start_thread(lambda: client._drive(greedy()))
    while not served:
        time.sleep(0.001)
    run_in_threads([lambda: client._drive(patient())] * 3)
    first.result(5)
    assert served == ["greedy", "patient", "patient", "patient", "greedy"]


def test_cancelled_while_waiting(client: Client) -> None:
    slots, gauge = Semaphore(LIMIT), Gauge()

    async def main() -> None:
        permits = [await client._adrive(slots.acquire()) for _ in range(LIMIT)]
        waiting = [asyncio.create_task(client._adrive(use_permit(slots, gauge))) for _ in range(20)]
        await asyncio.sleep(0.01)
        for task in waiting[::2]:
            task.cancel()
        done = await asyncio.gather(*waiting[::2], return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in done)
        for lease in permits:
            lease.release()
        async with asyncio.timeout(5):
            await asyncio.gather(*waiting[1::2])

    asyncio.run(main())
    assert gauge.uses == 10
    assert_all_free(slots, client)


def test_cancelled_just_when_the_turn_has_come(client: Client) -> None:
    slots, gauge = Semaphore(1), Gauge()

    async def main() -> None:
        lease = await client._adrive(slots.acquire())
        waiting = [asyncio.create_task(client._adrive(use_permit(slots, gauge))) for _ in range(20)]
        await asyncio.sleep(0.01)
        lease.release()  # the first in line has the slot now, and does not know it yet
        for task in waiting[:10]:
            task.cancel()
        await asyncio.gather(*waiting[:10], return_exceptions=True)
        async with asyncio.timeout(5):
            await asyncio.gather(*waiting[10:])
        (await client._adrive(slots.acquire())).release()

    asyncio.run(main())
    assert gauge.uses == 10


def test_cancelled_at_any_time(client: Client) -> None:
    slots, gauge = Semaphore(LIMIT), Gauge()
    chance = random.Random(7)

    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []
        for _ in range(300):
            tasks.append(asyncio.create_task(client._adrive(use_permit(slots, gauge, chance.choice([0, 0.0001])))))
            await asyncio.sleep(0)
            chance.choice(tasks).cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    assert gauge.max_in_use <= LIMIT
    assert_all_free(slots, client)


def test_an_event_loop_that_ends_leaves_the_queue(client: Client) -> None:
    slots, gauge = Semaphore(1), Gauge()
    lease = client._drive(slots.acquire())

    async def main() -> None:
        for _ in range(5):
            asyncio.create_task(client._adrive(use_permit(slots, gauge)))  # noqa: RUF006 - cancelled with the loop
        await asyncio.sleep(0.01)

    asyncio.run(main())
    lease.release()
    start_thread(lambda: client._drive(use_permit(slots, gauge))).result(5)
    assert gauge.uses == 1


def test_errors_give_the_slot_back(client: Client) -> None:
    slots = Semaphore(LIMIT)

    def failing() -> EffectGen[None]:
        lease = yield from slots.acquire()
        try:
            yield from RunBlocking(lambda: 1 // 0)
        finally:
            lease.release()

    for _ in range(2 * LIMIT):
        with pytest.raises(ZeroDivisionError):
            client._drive(failing())
    assert_all_free(slots, client)


def test_releasing_twice_frees_one_slot(client: Client) -> None:
    slots = Semaphore(LIMIT)
    lease = client._drive(slots.acquire())
    lease.release()
    lease.release()
    assert_all_free(slots, client)


def test_given_back_in_the_midst_of_handing_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the garbage collector does, which ends a stream that was forgotten whenever it likes, in whichever thread."""
    slots = Semaphore(LIMIT)
    forgotten = [client._drive(slots.acquire()) for _ in range(LIMIT - 1)]

    class Collecting(slots_module.Permit):
        """A permit whose creation collects garbage, as any allocation may."""

        def __init__(self, slots: Semaphore, slot: Any) -> None:
            while forgotten:
                lease = forgotten.pop()
                assert lease.resume()
                lease.release()
            super().__init__(slots, slot)

    monkeypatch.setattr(slots_module, "Permit", Collecting)
    start_thread(lambda: client._drive(slots.acquire())).result(5).release()
    assert_all_free(slots, client)


def test_a_lease_that_is_forgotten_frees_its_slot(client: Client) -> None:
    slots = Semaphore(1)
    for _ in range(3):
        client._drive(slots.acquire())
    first = client._drive(slots.acquire())
    waiting = start_thread(lambda: client._drive(slots.acquire()))
    time.sleep(0.05)
    del first
    waiting.result(5).release()


def use(slots: Semaphore) -> EffectGen[None]:
    lease = yield from slots.acquire()
    try:
        lease.suspend(lambda: None)
        lease.resume()
    finally:
        lease.release()


@pytest.mark.parametrize("held", [0, LIMIT], ids=["free", "taken from one that rests"])
def test_interrupted_anywhere(held: int, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No slot is lost, none is there twice, and nobody who waits is forgotten."""
    monkeypatch.setattr(slots_module, "COOLDOWN_SECONDS", 0.0)
    rounds, interrupted = 0, True
    while interrupted:
        slots = Semaphore(LIMIT)
        resting = [client._drive(slots.acquire()) for _ in range(held)]
        for lease in resting:
            lease.suspend(lambda: None)
        rounds += 1
        interrupting = Interrupting(slots_module, rounds)
        with suppress(KeyboardInterrupt), interrupting:
            client._drive(use(slots))
        interrupted = interrupting.was_raised
        for lease in resting:
            lease.resume()
            lease.release()
        resting.clear()
        assert_all_free(slots, client)
    assert rounds > 30
