"""Calls over an httpx client of the program, with its own hooks, headers and connections."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataQuery
from datastore_sdk.exceptions import APITimeoutError, NotFoundError, ResponseValidationError, ServerError
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import list_pads
from tests.support.fake_server import Handler, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import Reply, http_response, respond_always, respond_in_turn
from tests.support.slow_services import SLOW_SERVICES
from tests.support.threads import start_thread

Call = Callable[..., Any]
"""Lists pads over an httpx client that is made with the options given."""
RECORDS = [{"timestamp": 1, "site_id": 981}]


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, client_of: ClientOf) -> Call:
    def sync(server: Server, **options: Any) -> Any:
        with httpx.Client(**options) as mine:
            return client_of(server, http=mine).request(list_pads())

    async def of_async(server: Server, options: dict[str, Any]) -> Any:
        hooks = {name: [awaiting(hook) for hook in hooks] for name, hooks in options.pop("event_hooks", {}).items()}
        async with httpx.AsyncClient(**options, event_hooks=hooks) as mine:
            return await client_of(server, async_http=mine).arequest(list_pads())

    def in_loop(server: Server, **options: Any) -> Any:
        return asyncio.run(of_async(server, options))

    return sync if request.param == "sync" else in_loop


def awaiting(hook: Callable[[Any], None]) -> Callable[[Any], Any]:
    async def async_hook(response: httpx.Response) -> None:
        if hook is not refusing:
            await response.aread()
        hook(response)

    return async_hook


def refusing(response: httpx.Response) -> None:
    response.raise_for_status()


def reading(response: httpx.Response) -> None:
    if not response.is_stream_consumed:
        response.read()


def reading_and_refusing(response: httpx.Response) -> None:
    reading(response)
    refusing(response)


@pytest.mark.parametrize("hook", [refusing, reading_and_refusing])
@pytest.mark.parametrize(
    ("reply", "error", "requests"),
    [
        (http_response(404, {"detail": "Not here."}), NotFoundError, 1),
        (http_response(302, location="http://restream.test"), ResponseValidationError, 1),
        (http_response(503), ServerError, 5),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_hooks_that_refuse_a_response(
    reply: Reply, error: type[Exception], requests: int, hook: Any, call: Call, serve: Serve
) -> None:
    """The error is raised as it is, not as a lost connection."""
    server = serve(respond_always(reply))
    with pytest.raises(error) as caught:
        call(server, event_hooks={"response": [hook]})
    assert len(server.received) == requests
    if error is NotFoundError and hook is reading_and_refusing:
        assert "Not here." in str(caught.value)


@pytest.mark.parametrize("compressed", [False, True])
def test_hooks_that_read_a_response(compressed: bool, call: Call, serve: Serve, client_of: ClientOf) -> None:
    records = b'[{"timestamp": 1, "site_id": 981}]'
    packed = {"content_encoding": "gzip"} if compressed else {}
    bodies = [gzip.compress(body) if compressed else body for body in (b"[]", records)]
    server = serve(respond_in_turn(*[http_response(200, body, **packed) for body in bodies]))
    assert call(server, event_hooks={"response": [reading]}) == []
    with httpx.Client(event_hooks={"response": [reading]}) as mine:
        assert [*Data(client_of(server, http=mine), [DataQuery(source="site", id=981)])] == RECORDS


@pytest.mark.parametrize("used", [False, True], ids=["new connection", "connection used again"])
@pytest.mark.parametrize("handler", SLOW_SERVICES.values(), ids=SLOW_SERVICES)
def test_a_service_that_drips_does_not_hold_a_call(
    handler: Handler, used: bool, serve: Serve, client_of: ClientOf
) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    with httpx.Client() as mine:
        client = client_of(server, http=mine, retries=RetryPolicy(max_attempts=1), clock=Clock())
        if used:
            client.request(list_pads())
        server.handler = handler
        impatient = client.with_options(timeout=Timeouts(total=0.1))
        assert isinstance(start_thread(lambda: impatient.request(list_pads())).exception(10), APITimeoutError)
        if used:
            server.disconnect_all()  # the SDK cannot: httpx does not reveal which connection it used


def test_response_just_in_time_is_read(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    with httpx.Client() as mine:
        client: Client = client_of(server, http=mine, timeout=Timeouts(total=20), clock=Clock())
        assert [client.request(list_pads()) for _ in range(3)] == [[]] * 3
    assert server.connections == 1
