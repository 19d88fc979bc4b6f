"""At most three calls at a time to one endpoint, from all threads and event loops together."""

from __future__ import annotations

import asyncio
import threading

from restream_api.api.pads import get_pad, list_pad_fields, list_pads
from restream_api.models import Pad
from tests.support.concurrency_probe import Gauge
from tests.support.fake_server import Line, Received
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import answer, by_path, give
from tests.support.threads import all_of


def slowly(body: bytes = b"[]") -> Gauge:
    return Gauge(answer(200, body))


def test_many_threads(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)
    client = client_of(server)
    assert all_of([lambda: client.request(list_pads())] * 40) == [[]] * 40
    assert (gauge.most_at_a_time, len(server.received)) == (3, 40)


def test_many_tasks(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)

    async def main() -> list[list[Pad]]:
        async with client_of(server) as client:
            return [*await asyncio.gather(*[client.arequest(list_pads()) for _ in range(40)])]

    assert asyncio.run(main()) == [[]] * 40
    assert (gauge.most_at_a_time, len(server.received)) == (3, 40)


def test_threads_and_tasks_together(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)
    client = client_of(server)

    async def main() -> None:
        async with client:
            await asyncio.gather(*[client.arequest(list_pads()) for _ in range(15)])

    all_of([lambda: asyncio.run(main()), *[lambda: client.request(list_pads())] * 15])
    assert (gauge.most_at_a_time, len(server.received)) == (3, 30)


def test_ids_and_filters_make_no_other_endpoint(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)
    client = client_of(server)
    calls = [list_pad_fields(pad_id) for pad_id in range(1, 13)]
    all_of([lambda call=call: client.request(call) for call in calls])  # type: ignore[misc]
    assert gauge.most_at_a_time == 3
    all_of([lambda page=page: client.request(list_pads(name_search=str(page))) for page in range(12)])  # type: ignore[misc]
    assert gauge.most_at_a_time == 3


def test_each_endpoint_has_a_limit_of_its_own(serve: Serve, client_of: ClientOf) -> None:
    together = threading.Barrier(6)

    def meet(line: Line, request: Received) -> None:
        together.wait(10)
        give(answer(200, b"[]"), line, request)

    server = serve(by_path({"/pads/": meet, "/fields/": meet}))
    client = client_of(server)
    all_of([lambda: client.request(list_pads()), lambda: client.request(list_pad_fields(7))] * 3)
    assert server.most_at_a_time == 6


def test_clients_have_limits_of_their_own(serve: Serve, client_of: ClientOf) -> None:
    together = threading.Barrier(6)

    def meet(line: Line, request: Received) -> None:
        together.wait(10)
        give(answer(200, b"[]"), line, request)

    server = serve(meet)
    clients = [client_of(server, "crew-1"), client_of(server, "crew-2")]
    all_of([lambda client=client: client.request(list_pads()) for client in clients * 3])  # type: ignore[misc]
    assert server.most_at_a_time == 6


def test_failed_calls_give_their_slots_back(serve: Serve, client_of: ClientOf) -> None:
    server = serve(by_path({"/1/": answer(404), "/2/": answer(200, b"{}"), "/3/": slowly(b"no JSON")}))
    client = client_of(server)

    def fails(pad_id: int) -> None:
        try:
            client.request(get_pad(pad_id))
        except Exception:  # noqa: BLE001 - which one, other tests ask
            return
        raise AssertionError(pad_id)

    all_of([lambda pad_id=pad_id: fails(pad_id) for pad_id in (1, 2, 3) * 8])  # type: ignore[misc]
    assert len(server.received) == 24
