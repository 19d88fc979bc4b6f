"""Responses that do not match the API contract."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from datastore_sdk.exceptions import ResponseValidationError
from restream_api.api.pads import get_pad, list_pads
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import END, chunk, head, http_response, respond_always
from tests.support.sync_async_clients import Form

PAD = {
    "id": 668,
    "name": "Kestrel 4",
    "lease_name": "Kestrel",
    "customer_name": "Example Energy",
    "simops_config": None,
    "completion_date": None,
    "wireline_enabled": True,
}


def test_fields_and_values_that_do_not_fit_are_named(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_always(http_response(200, {**PAD, "id": "none", "completion_date": "soon"})))
    with pytest.raises(ResponseValidationError) as caught:
        form.run(client_of(server, strict=True), get_pad(668))
    error = caught.value
    assert len(error.problems) == 2
    assert error.problems[0].startswith("id: ")
    assert error.problems[0].endswith(", received 'none'")
    assert error.problems[1].startswith("completion_date: ")
    assert error.problems[1].endswith(", received 'soon'")
    assert all(problem in str(error) for problem in error.problems)
    assert (error.method, error.url) == ("GET", f"{server.url}/external/thirdparty/v1/pads/668/")
    assert len(server.received) == 1, "a retry would bring the same"


def test_items_of_an_array_are_named_by_their_place(serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(ResponseValidationError, match=r"1\.name: "):
        client_of(serve(respond_always(http_response(200, [PAD, {**PAD, "name": 5}]))), strict=True).request(
            list_pads()
        )


def test_first_problems_are_named_and_the_others_counted(serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(ResponseValidationError, match=r"\(and 15 more\)$") as caught:
        client_of(serve(respond_always(http_response(200, [{**PAD, "id": "x"}] * 20))), strict=True).request(
            list_pads()
        )
    assert len(caught.value.problems) == 5


def test_long_values_are_shortened(serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(ResponseValidationError) as caught:
        client_of(serve(respond_always(http_response(200, {**PAD, "id": "y" * 10_000}))), strict=True).request(
            get_pad(668)
        )
    assert len(str(caught.value)) < 400


def test_keys_that_the_contract_does_not_know_are_kept(serve: Serve, client_of: ClientOf) -> None:
    pad = client_of(serve(respond_always(http_response(200, {**PAD, "basin": "Permian"})))).request(get_pad(668))
    assert pad["basin"] == "Permian"


@pytest.mark.parametrize("body", [b"", b"<html>Welcome to the hotel</html>", b'{"id": 668', b"\xff", b"[1, 2", b"null"])
def test_what_is_no_json_or_another_json(body: bytes, serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(ResponseValidationError, match="the body: "):
        client_of(serve(respond_always(http_response(200, body)))).request(get_pad(668))


def test_too_long_responses_are_not_read_completely(serve: Serve, client_of: ClientOf, form: Form) -> None:
    disconnected: SimpleQueue[bool] = SimpleQueue()

    def long(line: ClientConnection, _: HttpRequest) -> None:
        line.send(head(transfer_encoding="chunked"))
        try:
            for _piece in range(2000):
                line.send(chunk(b" " * 10_000))
        except ConnectionError:
            disconnected.put(True)
            raise

    with pytest.raises(
        ResponseValidationError, match=r"the response is larger than 100000 bytes, .*max_response_bytes"
    ):
        form.run(client_of(serve(long), max_response_bytes=100_000), list_pads())
    assert disconnected.get(timeout=5)


def test_responses_of_exactly_the_maximum_length_are_read(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(200, b"[" + b" " * 98 + b"]")))
    assert client_of(server, max_response_bytes=100).request(list_pads()) == []
    with pytest.raises(ResponseValidationError):
        client_of(server, max_response_bytes=99).request(list_pads())


def test_encoding_that_was_not_requested(serve: Serve, client_of: ClientOf, form: Form) -> None:
    disconnected: SimpleQueue[bool] = SimpleQueue()

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        assert request.headers["accept-encoding"] == "gzip"
        line.send(head(content_encoding="br", transfer_encoding="chunked") + chunk(b"\x0b"))
        disconnected.put(line.stall(seconds=2))

    with pytest.raises(ResponseValidationError, match="the encoding 'br', which was not requested") as caught:
        form.run(client_of(serve(handle)), list_pads())
    assert caught.value is not None
    assert disconnected.get(timeout=5), "the connection was not given back"


def test_http_that_is_none(serve: Serve, client_of: ClientOf, form: Form) -> None:
    def handle(line: ClientConnection, _: HttpRequest) -> None:
        line.send(b"SSH-2.0-OpenSSH_9.6\r\n" + END)
        line.close()

    with pytest.raises(ConnectionError, match="the response is not valid HTTP"):
        form.run(client_of(serve(handle)), list_pads())
