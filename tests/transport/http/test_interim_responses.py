"""An interim response ("103 Early Hints") is not the response of its call, nor of the next one."""

from __future__ import annotations

import pytest

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import list_pads
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import head, http_response, respond_always, respond_in_turn
from tests.support.sync_async_clients import Form

HINTS = head(103, link="</style.css>; rel=preload")


@pytest.mark.parametrize("before", [[HINTS], [head(102), HINTS, head(100)]], ids=["hints", "several"])
def test_response_after_it_is_returned(before: list[bytes], serve: Serve, client_of: ClientOf, form: Form) -> None:
    client = client_of(serve(respond_in_turn(b"".join(before) + http_response(200, b"[]"), http_response(200, b"[]"))))
    assert [form.run(client, list_pads()) for _ in range(2)] == [[], []]


def test_no_call_gets_the_response_of_another(serve: Serve, client_of: ClientOf) -> None:
    """The response comes some time after the interim response."""

    def slowly(line: ClientConnection, request: HttpRequest) -> None:
        line.send(HINTS)
        line.stall(0.05)
        line.send(http_response(200, [pad(int(request.query["site_pk"]))]))

    server = serve(slowly)
    client = client_of(server)
    for number in range(3):
        assert [found.id for found in client.request(list_pads(site_pk=number))] == [number]
    assert server.connections == 1


def pad(number: int) -> dict[str, object]:
    return {"id": number, "name": "", "lease_name": "", "customer_name": "", "simops_config": None,
            "completion_date": None, "wireline_enabled": True}  # fmt: skip


def test_a_service_that_says_nothing_else(serve: Serve, client_of: ClientOf, form: Form) -> None:
    def chatter(line: ClientConnection, _: HttpRequest) -> None:
        while not line.stall(0.001):
            line.send(HINTS)

    client = client_of(serve(chatter), timeout=Timeouts(read=0.2, response=0.2), retries=RetryPolicy(max_attempts=1))
    with pytest.raises(CallError):
        form.run(client, list_pads())


def test_unrequested_switch_of_protocols(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(head(101, upgrade="websocket")))
    client = client_of(server)
    for _ in range(2):
        with pytest.raises(CallError, match="returned 101"):
            client.request(list_pads())
    assert server.connections == 2, "nothing else can be said over such a connection"
