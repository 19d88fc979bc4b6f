"""Cancelled calls and streams release permit and connection, at once and at any point."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable
from queue import SimpleQueue

import pytest

from datastore_sdk.client import Client
from datastore_sdk.data import DataAsync, DataQuery
from restream_api.api.pads import create_pad_parameters, list_pads
from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection, Handler, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import chunk, head, http_response, send_reply

SITE = DataQuery(source="site", id=981)
RECORD = b'{"timestamp": 1758196800, "site_id": 981}'
INCOMPLETE = head(transfer_encoding="chunked") + chunk(b"[" + RECORD)
"""A stream that has started."""
ENDED = head(content_length=len(RECORD) + 2) + b"[" + RECORD + b"]"

STAGES = {
    "before the status": b"",
    "before the body": head(transfer_encoding="chunked"),
    "in the body": INCOMPLETE,
}


class Stalling:
    """Sends incomplete responses to the first requests and reports disconnects; later responses are complete."""

    def __init__(self, sent: bytes, count: int, whole: bytes) -> None:
        self.disconnected: SimpleQueue[bool] = SimpleQueue()
        self.arrived = threading.Semaphore(0)
        self._sent, self._whole = sent, whole
        self._left = count
        self._lock = threading.Lock()

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        with self._lock:
            stalls = self._left > 0
            self._left -= 1
        if not stalls:
            send_reply(self._whole, line, request)
            return
        line.send(self._sent)
        self.arrived.release()
        self.disconnected.put(line.stall(seconds=3))
        line.close()

    async def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert await asyncio.to_thread(self.arrived.acquire, timeout=5)


async def read(client: Client) -> list[int]:
    return [record["timestamp"] async for record in DataAsync(client, [SITE])]


async def cancel_all(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(3):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes


@pytest.mark.parametrize("sent", STAGES.values(), ids=STAGES)
def test_cancelled_calls(sent: bytes, serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling(sent, 3, http_response(200, b"[]"))

    async def main() -> None:
        async with client_of(serve(stalling)) as client:
            tasks = [asyncio.create_task(client.arequest(list_pads())) for _ in range(3)]
            await stalling.wait_for(3)
            await asyncio.sleep(0.02)
            await cancel_all(*tasks)
            for _ in range(3):
                assert await asyncio.to_thread(stalling.disconnected.get, timeout=4), "the connection stayed open"
            async with asyncio.timeout(3):
                assert await client.arequest(list_pads()) == []

    asyncio.run(main())


@pytest.mark.parametrize("sent", STAGES.values(), ids=STAGES)
def test_cancelled_streams(sent: bytes, serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling(sent, 3, ENDED)

    async def main() -> None:
        async with client_of(serve(stalling)) as client:
            tasks = [asyncio.create_task(read(client)) for _ in range(3)]
            await stalling.wait_for(3)
            await asyncio.sleep(0.02)
            await cancel_all(*tasks)
            for _ in range(3):
                assert await asyncio.to_thread(stalling.disconnected.get, timeout=4), "the connection stayed open"
            async with asyncio.timeout(3):
                assert await read(client) == [1758196800]

    asyncio.run(main())


def test_timeouts_of_the_program(serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling(INCOMPLETE, 2, ENDED)

    async def end(limit: asyncio.Timeout) -> None:
        await stalling.wait_for(1)
        limit.reschedule(asyncio.get_running_loop().time())

    async def end_early(calls: Awaitable[object]) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS) as limit:
            ending = asyncio.create_task(end(limit))
            await calls
            ending.cancel()

    async def main() -> None:
        async with client_of(serve(stalling)) as client:
            for calls in (client.arequest(list_pads()), read(client)):
                with pytest.raises(TimeoutError):
                    await end_early(calls)
            assert await read(client) == [1758196800]

    asyncio.run(main())
    assert stalling.disconnected.get(timeout=4)
    assert stalling.disconnected.get(timeout=4)


def test_cancelled_while_waiting_for_a_slot(serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling(b"", 3, http_response(200, b"[]"))
    server = serve(stalling)

    async def main() -> None:
        async with client_of(server) as client:
            tasks = [asyncio.create_task(client.arequest(list_pads())) for _ in range(8)]
            await stalling.wait_for(3)
            await cancel_all(*tasks[3:])
            assert len(server.received) == 3
            await cancel_all(*tasks[:3])
            async with asyncio.timeout(3):
                assert await asyncio.gather(*[client.arequest(list_pads()) for _ in range(5)]) == [[]] * 5

    asyncio.run(main())
    assert server.max_concurrent <= 3 + 3, "cancelled ones may still be open on the server's side"


@pytest.mark.parametrize("streamed", [False, True])
def test_cancelled_at_any_time(streamed: bool, serve: Serve, client_of: ClientOf) -> None:
    chance = random.Random(7)
    server = serve(dawdling(chance, ENDED if streamed else http_response(200, b"[]")))

    async def main() -> None:
        async with client_of(server) as client:
            call = read if streamed else _list
            for _ in range(40):
                tasks = [asyncio.create_task(call(client)) for _ in range(4)]
                await asyncio.sleep(chance.random() * 0.012)
                for task in tasks:
                    task.cancel()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
                assert all(isinstance(each, list | asyncio.CancelledError) for each in outcomes), outcomes
            async with asyncio.timeout(5):
                await asyncio.gather(*[call(client) for _ in range(6)])

    asyncio.run(main())


def test_no_task_is_left(serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling(INCOMPLETE, 1, ENDED)

    async def main() -> None:
        async with client_of(serve(stalling)) as client:
            task = asyncio.create_task(read(client))
            await stalling.wait_for(1)
            await cancel_all(task)
            assert await read(client) == [1758196800]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def dawdling(chance: random.Random, reply: bytes) -> Handler:
    def handle(line: ClientConnection, _: HttpRequest) -> None:
        middle = len(reply) // 2
        line.stall(chance.random() * 0.005)
        line.send(reply[:middle])
        line.stall(chance.random() * 0.005)
        line.send(reply[middle:])

    return handle


async def _list(client: Client) -> list[object]:
    return [*await client.arequest(list_pads())]


def test_cancelled_at_any_time_while_connecting(serve: Serve, client_of: ClientOf) -> None:
    """Before and while it connects, and while it sends the request: nothing continues in the background."""
    stalling = Stalling(b"", 1000, b"")
    server = serve(stalling)

    async def main() -> None:
        async with client_of(server) as client:
            for number in range(60):
                task = asyncio.create_task(read(client))
                await asyncio.sleep(number * 0.00005)
                await cancel_all(task)
            await asyncio.sleep(0.1)

    asyncio.run(main())
    assert all(stalling.disconnected.get(timeout=4) for _ in server.received), "a connection stayed open"


def test_closing_an_ended_stream_leaves_other_calls_alone(serve: Serve, client_of: ClientOf) -> None:
    """Its connection may be another call's by now."""
    stream = head(content_length=len(RECORD) + 2) + b"[" + RECORD + b"]"

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if request.method == "POST":
            line.stall(seconds=0.2)
            line.send(http_response(200, {"valid": True}))
        else:
            line.send(stream)

    server = serve(handle)

    async def main() -> None:
        async with client_of(server) as client:
            records = DataAsync(client, [SITE]).data_fetcher
            await anext(records)
            call = asyncio.create_task(client.arequest(create_pad_parameters(7, body=[], validate_only=True)))
            await asyncio.sleep(0.1)
            await records.aclose()
            await call

    asyncio.run(main())


def test_cancelled_streams_through_a_proxy(serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling(INCOMPLETE, 1, ENDED)
    proxy = serve(stalling)

    async def main() -> None:
        async with client_of(proxy, base_url="http://127.0.0.1:9", proxy=proxy.url) as client:
            task = asyncio.create_task(read(client))
            await stalling.wait_for(1)
            await asyncio.sleep(0.05)
            await cancel_all(task)
            assert await asyncio.to_thread(stalling.disconnected.get, timeout=4), "the connection stayed open"

    asyncio.run(main())
