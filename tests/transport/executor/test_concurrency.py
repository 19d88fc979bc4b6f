"""At most three calls at a time to one endpoint, from all threads and event loops together."""

from __future__ import annotations

import asyncio
import threading

from restream_api.api.pads import get_pad, list_pad_fields, list_pads
from restream_api.models import Pad
from tests.support.concurrency_probe import ConcurrencyProbe
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_by_path, send_reply
from tests.support.threads import run_in_threads


def slowly(body: bytes = b"[]") -> ConcurrencyProbe:
    return ConcurrencyProbe(http_response(200, body))


def test_many_threads(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)
    client = client_of(server)
    assert run_in_threads([lambda: client.request(list_pads())] * 40) == [[]] * 40
    assert (gauge.max_concurrent, len(server.received)) == (3, 40)


def test_many_tasks(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)

    async def main() -> list[list[Pad]]:
        async with client_of(server) as client:
            return [*await asyncio.gather(*[client.arequest(list_pads()) for _ in range(40)])]

    assert asyncio.run(main()) == [[]] * 40
    assert (gauge.max_concurrent, len(server.received)) == (3, 40)


def test_threads_and_tasks_together(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)
    client = client_of(server)

    async def main() -> None:
        async with client:
            await asyncio.gather(*[client.arequest(list_pads()) for _ in range(15)])

    run_in_threads([lambda: asyncio.run(main()), *[lambda: client.request(list_pads())] * 15])
    assert (gauge.max_concurrent, len(server.received)) == (3, 30)


def test_ids_and_filters_make_no_other_endpoint(serve: Serve, client_of: ClientOf) -> None:
    gauge = slowly()
    server = serve(gauge)
    client = client_of(server)
    calls = [list_pad_fields(pad_id) for pad_id in range(1, 13)]
    run_in_threads([lambda call=call: client.request(call) for call in calls])  # type: ignore[misc]
    assert gauge.max_concurrent == 3
    run_in_threads([lambda page=page: client.request(list_pads(name_search=str(page))) for page in range(12)])  # type: ignore[misc]
    assert gauge.max_concurrent == 3


def test_each_endpoint_has_a_limit_of_its_own(serve: Serve, client_of: ClientOf) -> None:
    together = threading.Barrier(6)

    def meet(line: ClientConnection, request: HttpRequest) -> None:
        together.wait(10)
        send_reply(http_response(200, b"[]"), line, request)

    server = serve(respond_by_path({"/pads/": meet, "/fields/": meet}))
    client = client_of(server)
    run_in_threads([lambda: client.request(list_pads()), lambda: client.request(list_pad_fields(7))] * 3)
    assert server.max_concurrent == 6


def test_clients_have_limits_of_their_own(serve: Serve, client_of: ClientOf) -> None:
    together = threading.Barrier(6)

    def meet(line: ClientConnection, request: HttpRequest) -> None:
        together.wait(10)
        send_reply(http_response(200, b"[]"), line, request)

    server = serve(meet)
    clients = [client_of(server, "crew-1"), client_of(server, "crew-2")]
    run_in_threads([lambda client=client: client.request(list_pads()) for client in clients * 3])  # type: ignore[misc]
    assert server.max_concurrent == 6


def test_failed_calls_give_their_slots_back(serve: Serve, client_of: ClientOf) -> None:
    server = serve(
        respond_by_path({"/1/": http_response(404), "/2/": http_response(200, b"{}"), "/3/": slowly(b"no JSON")})
    )
    client = client_of(server)

    def fails(pad_id: int) -> None:
        try:
            client.request(get_pad(pad_id))
        except Exception:  # noqa: BLE001 - which one, other tests ask
            return
        raise AssertionError(pad_id)

    run_in_threads([lambda pad_id=pad_id: fails(pad_id) for pad_id in (1, 2, 3) * 8])  # type: ignore[misc]
    assert len(server.received) == 24
