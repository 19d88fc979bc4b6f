"""No message shows a token or client secret, for any response of the service."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import pytest

from datastore_sdk._io.effects import Request
from datastore_sdk.client import Client
from datastore_sdk.exceptions import AuthenticationError, CallError, ResponseValidationError
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import get_pad, list_pads
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always, respond_by_path

SHORT = "t0ken-0123456789"
LONG = "eyJhbGciOiJIUzI1NiJ9." + "0123456789abcdef" * 12
SLASHED = "t0ken/with+slashes/0123456789"
SECRET = "s3cret-0123456789"


def render_error(error: BaseException) -> str:
    """Return all text of an error that ends up on screens, in logs and in pickles."""
    return f"{error} {error!r} {vars(error)} {pickle.dumps(error)!r} {copy.copy(error)!r}"


def assert_hidden(secret: str, text: str) -> None:
    for length in (len(secret), 12):
        assert secret[:length] not in text
        assert secret[-length:] not in text


def failure(client: Client, calls: Any = None) -> CallError:
    with pytest.raises(CallError) as caught:
        client._run(calls or list_pads())
    return caught.value


@pytest.mark.parametrize("token", [SHORT, LONG, SLASHED])
@pytest.mark.parametrize(
    "body",
    [
        b'{"detail": "Token %b is expired."}',
        b'{"token": ["%b", "%b"]}',
        b"no such token: %b",
        b"<html>Authorization: Bearer %b</html>",
        b"x" * 1990 + b"%b",
        b"%b" * 200,
    ],
)
def test_a_token_in_the_body_of_an_error(body: bytes, token: str, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(401, body.replace(b"%b", token.encode()))))
    error = failure(client_of(server, token))
    assert isinstance(error, AuthenticationError)
    assert "***" in error.body
    assert_hidden(token, render_error(error))


def test_a_token_with_its_slashes_escaped(serve: Serve, client_of: ClientOf) -> None:
    body = b'{"detail": "Token ' + SLASHED.replace("/", r"\/").encode() + b' is expired."}'
    assert_hidden(SLASHED, str(failure(client_of(serve(respond_always(http_response(401, body))), SLASHED))))


@pytest.mark.parametrize("token", [SHORT, LONG])
def test_a_token_in_a_value_that_does_not_fit_the_contract(token: str, serve: Serve, client_of: ClientOf) -> None:
    error = failure(client_of(serve(respond_always(http_response(200, {"id": token}))), token, strict=True), get_pad(7))
    assert isinstance(error, ResponseValidationError)
    assert_hidden(token, render_error(error))


def test_a_token_in_a_redirect(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(302, location=f"https://login.test/?next=/&token={SHORT}")))
    assert_hidden(SHORT, render_error(failure(client_of(server, SHORT))))


def test_a_token_in_a_request_id(serve: Serve, client_of: ClientOf) -> None:
    assert_hidden(
        SHORT, render_error(failure(client_of(serve(respond_always(http_response(403, x_request_id=SHORT))), SHORT)))
    )


@pytest.mark.parametrize("status", [400, 401, 503])
def test_a_client_secret_in_the_body_of_an_error(status: int, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_by_path({"/o/token/": http_response(status, {"error": f"invalid_client: {SECRET}"})}))
    client = client_of(server, None, client_id="crew", client_secret=SECRET, retries=RetryPolicy(max_attempts=1))
    error = failure(client)
    assert server.received[0].path == "/o/token/"
    assert_hidden(SECRET, render_error(error))


def test_an_issued_token_that_does_not_fit_the_contract(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_by_path({"/o/token/": http_response(200, {"access_token": SHORT, "expires_in": SHORT})}))
    error = failure(client_of(server, None, client_id="crew", client_secret=SECRET, strict=True))
    assert isinstance(error, ResponseValidationError)
    assert any(problem.startswith("expires_in: ") for problem in error.problems)
    assert_hidden(SHORT, render_error(error))


def test_token_response_that_is_not_json(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_by_path({"/o/token/": http_response(200, f'{{"access_token": "{SHORT}", '.encode())}))
    assert_hidden(SHORT, render_error(failure(client_of(server, None, client_id="crew", client_secret=SECRET))))


def test_logs(caplog: pytest.LogCaptureFixture, serve: Serve, client_of: ClientOf) -> None:
    caplog.set_level(logging.DEBUG)
    granted = http_response(200, {"access_token": SHORT, "expires_in": 3600, "token_type": "Bearer"})
    server = serve(
        respond_by_path({"/o/token/": granted, "/pads/": http_response(503, {"detail": f"{SHORT} {SECRET}"})})
    )
    failure(client_of(server, None, client_id="crew", client_secret=SECRET))
    log = "\n".join(record.getMessage() for record in caplog.records)
    assert f"GET {server.url}/external/thirdparty/v1/pads/ returned 503" in log
    assert "attempt 2 of 5" in log
    assert_hidden(SHORT, log)


def test_representations() -> None:
    client = Client(SHORT, base_url="https://restream.test")
    assert repr(client) == "Client(base_url='https://restream.test', credentials='token')"
    other = Client(client_id="crew", client_secret=SECRET, base_url="https://restream.test")
    assert repr(other) == "Client(base_url='https://restream.test', credentials='client credentials')"
    request = Request("POST", "https://restream.test/o/token/", {"Authorization": SHORT}, SECRET.encode())
    assert_hidden(SHORT, repr(request))
    assert_hidden(SECRET, repr(request))


def test_clients_are_not_pickled_and_copies_share_them() -> None:
    client = Client(SHORT, base_url="https://restream.test")
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps(client)
    assert_hidden(SHORT, str(caught.value))
    assert copy.deepcopy({"client": client})["client"] is client
