"""Bodies over real sockets in every framing, and the reuse of their connections."""

from __future__ import annotations

import pytest

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.data import Data, DataQuery
from datastore_sdk.exceptions import APIConnectionError, APITimeoutError
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import create_pad_parameters, delete_pad_parameter, list_pads
from tests.support.fake_server import ClientConnection, Handler, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import (
    END,
    Reply,
    build_chunked_response,
    chunk,
    head,
    http_response,
    respond_always,
    respond_in_turn,
    send_then,
)
from tests.support.jumping_clock import JumpingClock
from tests.support.sync_async_clients import Form

ONCE = RetryPolicy(max_attempts=1)
SITE = DataQuery(source="site", id=981)

FRAMED: dict[str, Reply] = {
    "by length": http_response(200, b"[ ]"),
    "in chunks": build_chunked_response(b"[", b" ", b"]"),
    "until the connection is closed": send_then(head() + b"[ ]", ClientConnection.close),
    "in chunks and by a wrong length": build_chunked_response(b"[ ]", content_length=2),
}
BROKEN: dict[str, Reply] = {
    "before the status": send_then(b"", ClientConnection.close),
    "in the status": send_then(b"HTTP/1.1 2", ClientConnection.close),
    "in the headers": send_then(b"HTTP/1.1 200 OK\r\nx-crew: 7\r\ncontent-le", ClientConnection.close),
    "after a header": send_then(b"HTTP/1.1 200 OK\r\nx-crew: 7\r\n", ClientConnection.close),
    "in the body": send_then(head(content_length=3) + b"[", ClientConnection.close),
    "before the body": send_then(head(content_length=3), ClientConnection.close),
    "in a chunk": send_then(head(transfer_encoding="chunked") + b"3\r\n[", ClientConnection.close),
    "before the last chunk": send_then(head(transfer_encoding="chunked") + chunk(b"[]"), ClientConnection.close),
    "within the last chunk": send_then(
        head(transfer_encoding="chunked") + chunk(b"[]") + END[:-1], ClientConnection.close
    ),
    "by a reset before the status": send_then(b"", ClientConnection.reset),
    "by a reset in the body": send_then(head(content_length=3) + b"[", ClientConnection.reset),
    "by a reset in a chunk": send_then(head(transfer_encoding="chunked") + b"3\r\n[", ClientConnection.reset),
    "by an invalid chunk": head(transfer_encoding="chunked") + b"zzz\r\n[]\r\n",
}


@pytest.mark.parametrize("reply", FRAMED.values(), ids=FRAMED)
def test_framing(reply: Reply, serve: Serve, client_of: ClientOf, form: Form) -> None:
    assert form.run(client_of(serve(respond_in_turn(reply))), list_pads()) == []


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_broken_connections(reply: Reply, serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_always(reply))
    with pytest.raises(
        APIConnectionError, match=r"/pads/: (the connection was lost|the response is not valid HTTP)"
    ) as caught:
        form.run(client_of(server, retries=ONCE), list_pads())
    assert caught.value.sent
    assert isinstance(caught.value, ConnectionError)


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_broken_connections_of_streams(reply: Reply, serve: Serve, client_of: ClientOf, form: Form) -> None:
    with pytest.raises(APIConnectionError, match=r"(the connection was lost|the response is not valid HTTP): ."):
        form.records(client_of(serve(respond_always(reply)), retries=ONCE), [SITE], [])


def test_refused_connection(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_always(http_response(200, [])))
    server.__exit__(None, None, None)
    with pytest.raises(APIConnectionError, match=r"the service was not reached: .") as caught:
        form.run(client_of(server, retries=ONCE), list_pads())
    assert not caught.value.sent


@pytest.mark.parametrize("sent", [b"", head(content_length=5), head(transfer_encoding="chunked") + chunk(b"[")])
def test_a_service_that_falls_silent(sent: bytes, serve: Serve, client_of: ClientOf, form: Form) -> None:
    client = client_of(
        serve(respond_always(send_then(sent, ClientConnection.stall))), retries=ONCE, timeout=Timeouts(read=0.05)
    )
    reason = r"/pads/ timed out: nothing was received for 0.05 s \(Timeouts.read\)$"
    with pytest.raises(APITimeoutError, match=reason) as caught:
        form.run(client, list_pads())
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.sent


@pytest.mark.parametrize("sent", [b"", head(content_length=5), head(transfer_encoding="chunked") + chunk(b"[")])
def test_a_stream_that_falls_silent(sent: bytes, serve: Serve, client_of: ClientOf, form: Form) -> None:
    client = client_of(
        serve(respond_always(send_then(sent, ClientConnection.stall))),
        retries=ONCE,
        timeout=Timeouts(first_byte=0.05, idle=0.05),
    )
    name = "idle" if sent else "first_byte"
    with pytest.raises(APITimeoutError, match=rf"timed out: nothing was received for 0.05 s \(Timeouts.{name}\)"):
        form.records(client, [SITE], [])


def test_a_stream_that_is_cut_short_says_where(serve: Serve, client_of: ClientOf, form: Form) -> None:
    sent = head(content_length=1000) + b'[{"timestamp": 1}, {"ti'
    for ending, error in (
        (ClientConnection.close, APIConnectionError),
        (ClientConnection.reset, APIConnectionError),
        (ClientConnection.stall, APITimeoutError),
    ):
        client = client_of(serve(respond_always(send_then(sent, ending))), retries=ONCE, timeout=Timeouts(idle=0.05))
        with pytest.raises(error, match=r"; 23 bytes of the body were received; 1 records came before$"):
            form.records(client, [SITE], [])


RECORD = b'{"timestamp": 1}'
BEGINNINGS = {
    "by length": head(content_length=1000) + b"[" + RECORD,
    "in chunks": head(transfer_encoding="chunked") + chunk(b"[" + RECORD),
    "until the connection is closed": head() + b"[" + RECORD,
}


@pytest.mark.parametrize("sent", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_record_is_handed_over_when_it_comes(sent: bytes, serve: Serve, client_of: ClientOf) -> None:
    client = client_of(
        serve(respond_always(send_then(sent, ClientConnection.stall))),
        retries=ONCE,
        timeout=Timeouts(first_byte=1, idle=1),
    )
    records = Data(client, [SITE]).data_fetcher
    assert next(records) == {"timestamp": 1}
    records.close()


def test_connections_are_used_again(serve: Serve, client_of: ClientOf) -> None:
    replies: list[Reply] = [
        http_response(200, b"[]"),
        build_chunked_response(b"[]"),
        http_response(404, {"detail": "No."}),
        http_response(200, b"[]"),
    ]
    server = serve(
        respond_in_turn(
            *replies, build_chunked_response(b"[]"), build_chunked_response(b"[]"), build_chunked_response(b"[]")
        )
    )
    client = client_of(server)
    client.request(list_pads())
    client.request(list_pads())
    with pytest.raises(Exception, match="returned 404"):
        client.request(list_pads())
    client.request(list_pads())
    assert [list(Data(client, [SITE])) for _ in range(2)] == [[], []]
    client.request(list_pads())
    assert server.connections == 2, "one for calls, one for downloads"


def test_connection_that_the_server_has_closed_is_not_reused(serve: Serve, client_of: ClientOf) -> None:
    def goodbye(line: ClientConnection, _: object) -> None:
        line.send(http_response(200, b"[]"))
        line.close()

    server = serve(goodbye)
    client = client_of(server, retries=ONCE)
    for _ in range(5):
        assert client.request(list_pads()) == []
        server.wait_for_connections()
    assert server.connections == 5


def closing_on_second_request(reply: bytes) -> Handler:
    """Close each connection as it is reused, after reading the request, like a server at its keep-alive timeout."""
    seen: list[ClientConnection] = []

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        if line in seen:
            line.close()
        else:
            seen.append(line)
            line.send(reply)

    return handle


def test_connection_that_is_closed_as_it_is_reused_is_replaced(
    serve: Serve, client_of: ClientOf, clock: JumpingClock
) -> None:
    server = serve(closing_on_second_request(http_response(200, b"[]")))
    client = client_of(server, retries=ONCE)
    for _ in range(3):
        assert client.request(list_pads()) == []
    assert [*Data(client, [SITE])] == []
    assert clock.sleeps == []
    assert server.connections == 4


def test_unless_the_call_may_have_been_carried_out(serve: Serve, client_of: ClientOf) -> None:
    server = serve(closing_on_second_request(http_response(200, {"valid": True})))
    client = client_of(server)
    create = create_pad_parameters(7, body=[], validate_only=True)
    client.request(create)
    with pytest.raises(APIConnectionError):
        client.request(create)
    assert len(server.received) == 2


def test_unrequested_bytes_are_not_the_next_response(serve: Serve, client_of: ClientOf) -> None:
    forged = http_response(200, [{"id": 1}])
    server = serve(
        respond_in_turn(
            build_chunked_response(b"[]") + forged,
            http_response(200, b"[]"),
            http_response(200, b"[]") + forged,
            http_response(200, b"[]"),
        )
    )
    client = client_of(server)
    for _ in range(4):
        assert client.request(list_pads()) == []


@pytest.mark.parametrize("status", [204, 304])
def test_response_to_a_bodyless_status_has_no_body(status: int, serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_always(head(status, transfer_encoding="chunked")))
    client = client_of(server, retries=ONCE, timeout=Timeouts(read=0.5))
    if status == 204:
        form.run(client, delete_pad_parameter(7, 3))
    else:
        with pytest.raises(Exception, match="not a success status of this call"):
            form.run(client, list_pads())


def test_streams_and_ordinary_calls_have_timeouts_of_their_own(serve: Serve, client_of: ClientOf, form: Form) -> None:
    def slow(line: ClientConnection, _: object) -> None:
        line.stall(seconds=0.3)
        line.send(http_response(200, b"[]"))

    client = client_of(serve(slow), retries=ONCE, timeout=Timeouts(read=0.1, first_byte=5))
    form.records(client, [SITE], [])
    with pytest.raises(APITimeoutError):
        form.run(client, list_pads())
