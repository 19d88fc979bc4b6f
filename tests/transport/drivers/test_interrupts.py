"""Interrupted at each effect of a call in turn: nothing is left behind, and the next call works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from datastore_sdk._io.effects import Effect
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.exceptions import RateLimitError
from datastore_sdk.transport.drivers import sync_driver as drivers
from datastore_sdk.transport.drivers.async_driver import AsyncDriver
from datastore_sdk.transport.drivers.sync_driver import SyncDriver
from datastore_sdk.transport.executor.concurrency import MAX_CALLS_PER_ENDPOINT, HeldPermit
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import get_pad, list_pads
from restream_api.api.sites import stream_site_data
from restream_api.types import Operation
from tests.support.exhaustive import Selection
from tests.support.fake_server import ClientConnection, Handler, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import (
    build_chunked_response,
    chunk,
    head,
    http_response,
    respond_by_path,
    respond_in_turn,
    send_then,
)
from tests.support.interruption import Interrupting as InterruptingLine
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import assert_no_leaks
from tests.support.threads import run_in_threads

SITE = DataQuery(source="site", id=981)
RECORD = b'{"timestamp": %d, "site_id": 981}'
BROKEN = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1 + b",")
STREAM = build_chunked_response(b"[" + RECORD % 1 + b",", RECORD % 2, b"]")
CHECKED = build_chunked_response(b"[" + RECORD % 1 + b"]")
"""The records from before the break, requested again."""
GRANTED = http_response(200, {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer", "scope": "read"})
PAD = http_response(200, {"id": 7, "name": "Pad", "lease_name": "", "customer_name": "", "simops_config": None,
                   "completion_date": None, "wireline_enabled": True})  # fmt: skip


class Interrupting:
    """Carries out effects until the n-th, which is interrupted: before it is carried out, or just after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
        self.seen = 0
        self._at, self._after = at, after
        performed, awaited = SyncDriver._perform, AsyncDriver._perform

        def perform(driver: SyncDriver, effect: Effect[Any]) -> Any:
            self._look(after=False)
            try:
                return performed(driver, effect)
            finally:
                self._look(after=True)

        async def aperform(driver: AsyncDriver, effect: Effect[Any]) -> Any:
            self._cancel()
            return await awaited(driver, effect)

        monkeypatch.setattr(SyncDriver, "_perform", perform)
        monkeypatch.setattr(AsyncDriver, "_perform", aperform)

    def _look(self, *, after: bool) -> None:
        if not after:
            self.seen += 1
        if self.seen == self._at and after == self._after:
            self._at = 0
            raise KeyboardInterrupt

    def _cancel(self) -> None:
        """Cancel the task, which is interrupted at its next await."""
        self.seen += 1
        if self.seen == self._at:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()


def one_call(client: Client) -> object:
    return client.request(get_pad(7))


def one_download(client: Client) -> object:
    with closing(Data(client, [SITE]).data_fetcher) as records:
        return [record["timestamp"] for record in records]


async def acall(client: Client) -> object:
    return await client.arequest(get_pad(7))


async def adownload(client: Client) -> object:
    return [record["timestamp"] async for record in DataAsync(client, [SITE])]


def faulty_service() -> Handler:
    """Return a handler that refuses a token, fails, breaks off, and then succeeds."""
    token, well = respond_in_turn(*[GRANTED] * 9), {"/7/": PAD, "/data/": STREAM, "/pads/": http_response(200, b"[]")}
    faulty = {
        "/7/": respond_in_turn(http_response(401), http_response(503), *[PAD] * 9),
        "/data/": respond_in_turn(http_response(401), send_then(BROKEN, ClientConnection.close), *[STREAM] * 9),
    }

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if request.path == "/o/token/":
            token(line, request)
        elif "end_datetime" in request.query:
            line.send(CHECKED)
        else:
            respond_by_path({**well, **faulty})(line, request)

    return handle


@pytest.fixture(params=[False, True], ids=["before", "after"])
def after(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def clients(serve: Serve, client_of: ClientOf) -> Iterator[tuple[Server, Client]]:
    """Yield a fresh service and client for each round."""
    while True:
        server = serve(faulty_service())
        yield server, client_of(server, None, client_id="crew", client_secret="s3cret", retries=RetryPolicy())


MAX_EFFECTS = 60
"""More effects than any of the calls yields."""


@pytest.mark.parametrize("made", [one_call, one_download])
def test_interrupted(
    made: Callable[[Client], object], after: bool, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 0
    for at, (_, client) in zip(range(1, MAX_EFFECTS), clients(serve, client_of), strict=False):
        with assert_no_leaks(), client:
            with monkeypatch.context() as patch:
                interrupting = Interrupting(patch, at, after=after)
                interrupted = False
                try:
                    made(client)
                except KeyboardInterrupt:
                    interrupted = True
            if interrupting.seen < at:
                break
            rounds += 1
            assert interrupted
            assert run_in_threads([lambda: client.request(list_pads())] * 4) == [[]] * 4  # noqa: B023 - called at once
    assert 10 < rounds < MAX_EFFECTS - 1


LINES_AT_A_TIME = 12
"""Without `--all`, one line in twelve is interrupted."""


@pytest.mark.parametrize("made", [one_call, one_download])
def test_interrupted_between_two_effects(
    made: Callable[[Client], object], clock: JumpingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupts each line of the driver; the call releases its resources each time."""
    monkeypatch.setattr("datastore_sdk._io.semaphore.COOLDOWN_SECONDS", 0.0)
    monkeypatch.setattr("datastore_sdk.transport.executor.call._GRACE_SECONDS", 0.001)
    at, interrupted = 0, True
    while interrupted:
        at += 1 if Selection.run_all else LINES_AT_A_TIME
        interrupting = InterruptingLine(drivers, at)
        with (
            assert_no_leaks(),
            Server(faulty_service()) as server,
            Client(client_id="crew", client_secret="s3cret", base_url=server.url, clock=clock) as client,
        ):
            with suppress(KeyboardInterrupt), interrupting:
                made(client)
            for operation in (get_pad(7), stream_site_data(981, si_units=False, resolution="raw")):
                assert free(client, operation) == MAX_CALLS_PER_ENDPOINT
        interrupted = interrupting.was_raised
    assert at > 100


def free(client: Client, operation: Operation[Any]) -> int:
    """Return the number of calls that can still be made at a time."""
    executor = client.with_options(retries=RetryPolicy(wait=False))._executor
    permits: list[HeldPermit] = []
    with suppress(RateLimitError):
        while True:
            permits.append(client._drive(executor.call(operation).acquire_permit(executor.limits)))
    for permit in permits:
        permit.release()
    return len(permits)


@pytest.mark.parametrize("made", [acall, adownload])
def test_cancelled(
    made: Callable[[Client], Any], serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(client: Client, at: int) -> bool:
        with monkeypatch.context() as patch:
            interrupting = Interrupting(patch, at, after=False)
            task = asyncio.create_task(made(client))
            await asyncio.wait([task])
        if interrupting.seen < at:
            await client.aclose()
            return False
        assert task.cancelled()
        async with asyncio.timeout(5):
            assert await asyncio.gather(*[client.arequest(list_pads()) for _ in range(4)]) == [[]] * 4
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await client.aclose()
        return True

    rounds = 0
    for at, (_, client) in zip(range(1, MAX_EFFECTS), clients(serve, client_of), strict=False):
        with assert_no_leaks():
            if not asyncio.run(main(client, at)):
                break
        rounds += 1
    assert 10 < rounds < MAX_EFFECTS - 1
