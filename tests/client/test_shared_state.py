"""Clients with the same credentials share concurrency limits and the token."""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass
from functools import partial

import pytest

from datastore_sdk.client import Client
from datastore_sdk.client import shared_state as sharing
from datastore_sdk.transport.executor.concurrency import EndpointSemaphores
from restream_api.api.pads import list_pads
from tests.support.concurrency_probe import ConcurrencyProbe
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_by_path, send_reply
from tests.support.threads import run_in_threads

ISSUED = http_response(200, {"access_token": "issued", "expires_in": 3600, "token_type": "Bearer"})


@pytest.fixture
def gauge() -> ConcurrencyProbe:
    return ConcurrencyProbe(http_response(200, b"[]"))


def call_all(clients: list[Client]) -> None:
    calls = [partial(client.request, list_pads()) for client in clients]
    assert run_in_threads(calls) == [[]] * len(clients)


def test_clients_with_the_same_credentials_keep_to_one_limit(
    gauge: ConcurrencyProbe, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(gauge)
    first = client_of(server)
    call_all([first, client_of(server), first.with_options(timeout=5), client_of(server, verify=False)] * 6)
    assert gauge.max_concurrent == 3


class Vault:
    def token(self) -> str:
        return "t0ken"


@dataclass
class Unhashable:
    name: str = "vault"

    def __call__(self) -> str:
        return "t0ken"


def test_clients_with_the_same_function_keep_to_one_limit(
    gauge: ConcurrencyProbe, serve: Serve, client_of: ClientOf
) -> None:
    """A method is another object each time that it is looked up."""
    server, vault, unhashable = serve(gauge), Vault(), Unhashable()
    call_all([client_of(server, vault.token) for _ in range(12)])
    assert gauge.max_concurrent == 3
    call_all([client_of(server, unhashable) for _ in range(12)])
    assert gauge.max_concurrent == 3


def test_equal_hosts_in_other_spellings_share_one_limit(
    gauge: ConcurrencyProbe, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(gauge)
    url = server.url.replace("127.0.0.1", "localhost")
    call_all([client_of(server, base_url=each) for each in (url, url.upper(), f"{url}/")] * 4)
    assert gauge.max_concurrent == 3


def test_a_client_may_want_fewer(gauge: ConcurrencyProbe, serve: Serve, client_of: ClientOf) -> None:
    server = serve(gauge)
    call_all([client_of(server, max_concurrent_calls=1)] * 8)
    assert gauge.max_concurrent == 1


def test_who_wants_fewer_leaves_the_rest_to_others(serve: Serve, client_of: ClientOf) -> None:
    together = threading.Barrier(3)

    def meet(line: ClientConnection, request: HttpRequest) -> None:
        together.wait(10)
        send_reply(http_response(200, b"[]"), line, request)

    server = serve(meet)
    few = client_of(server, max_concurrent_calls=1)
    for _ in range(3):
        call_all([few, few.with_options(max_concurrent_calls=3), client_of(server)])


def test_a_limit_of_ones_own_does_not_add_to_the_services(
    gauge: ConcurrencyProbe, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(gauge)
    call_all([client_of(server, max_concurrent_calls=each) for each in (1, 2, 3)] * 8)
    assert gauge.max_concurrent == 3


ISSUING = respond_by_path({"/o/token/": ISSUED, "/pads/": http_response(200, b"[]")})


def test_clients_with_equal_credentials_share_one_token(serve: Serve, client_of: ClientOf) -> None:
    server = serve(ISSUING)
    clients = [client_of(server, None, client_id="crew", client_secret="s3cret") for _ in range(4)]
    call_all([*clients, clients[0].with_options(timeout=5)] * 2)
    assert server.paths.count("/o/token/") == 1


def test_a_client_made_anew_for_each_call_finds_its_token(serve: Serve, client_of: ClientOf) -> None:
    server = serve(ISSUING)
    for _ in range(3):
        with Client(
            client_id="crew", client_secret="s3cret", base_url=server.url, clock=client_of(server)._clock
        ) as client:
            client.request(list_pads())
        del client
        gc.collect()
    assert server.paths.count("/o/token/") == 1


def test_other_credentials_get_another_token(serve: Serve, client_of: ClientOf) -> None:
    server = serve(ISSUING)
    call_all([client_of(server, None, client_id="crew", client_secret=secret) for secret in ("one", "two")])
    assert server.paths.count("/o/token/") == 2


def test_state_of_closed_clients_is_released() -> None:
    shared = sharing.SharedState[EndpointSemaphores]()
    first = shared.get("key", EndpointSemaphores)
    assert shared.get("key", EndpointSemaphores) is first
    assert shared.get("other", EndpointSemaphores) is not first
    first.limit = 1
    del first
    gc.collect()
    assert shared.get("key", EndpointSemaphores).limit == 3


def test_the_latest_are_kept_for_longer() -> None:
    shared = sharing.SharedState[EndpointSemaphores](latest=2)
    for key in range(3):
        shared.get(key, EndpointSemaphores).limit = 1
    gc.collect()
    assert [shared.get(key, EndpointSemaphores).limit for key in (2, 1, 0)] == [1, 1, 3]
