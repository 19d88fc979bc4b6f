"""The error for each status, and the content of its message."""

from __future__ import annotations

import pickle
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk._io.effects import Request, Response
from datastore_sdk._io.responses import build_error
from datastore_sdk.exceptions import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    CallError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    RestreamError,
    ServerError,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import delete_pad_parameter, list_pads
from tests.support.exhaustive import examples
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import http_response, respond_always
from tests.support.hypothesis_settings import PROPERTY
from tests.support.jumping_clock import START
from tests.support.sync_async_clients import Form

ONCE = RetryPolicy(max_attempts=1)

STATUSES: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: BadRequestError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: BadRequestError,
    409: BadRequestError,
    422: BadRequestError,
    429: RateLimitError,
    499: BadRequestError,
    500: ServerError,
    502: ServerError,
    503: ServerError,
    504: ServerError,
    599: ServerError,
}


def error_of(status: int, body: bytes = b"", **headers: str) -> CallError:
    request = Request("GET", "https://restream.test/pads/", {"Authorization": f"Bearer {TOKEN}"})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return build_error(list_pads(), request, Response(status, named, None, lambda: None), body, now=START)


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_each_status_has_its_error(status: int, kind: type[APIStatusError], serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(status, {"detail": "So it is."}, x_request_id="r-7")))
    client = client_of(server, retries=ONCE)
    with pytest.raises(RestreamError) as caught:
        client.request(list_pads(complete=True))
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.body, error.request_id) == (status, '{"detail": "So it is."}', "r-7")
    assert error.method == "GET"
    assert error.url == f"{server.url}/external/thirdparty/v1/pads/?complete=true"
    assert str(error).startswith(f"GET {error.url} returned {status}: ")
    assert str(error).endswith("The service says: So it is.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


@pytest.mark.parametrize("status", [204, 205, 206, 226, 300, 304])
def test_unexpected_success_status_is_a_validation_error(
    status: int, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    server = serve(respond_always(http_response(status)))
    with pytest.raises(ResponseValidationError, match=f"returned {status}, which is not a success status of this call"):
        form.run(client_of(server), list_pads())
    assert len(server.received) == 1


def test_response_without_a_body(serve: Serve, client_of: ClientOf, form: Form) -> None:
    form.run(client_of(serve(respond_always(http_response(204)))), delete_pad_parameter(7, 3))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"detail": "No Pad matches the given query."}', ". The service says: No Pad matches the given query."),
        (b'{"start": ["Enter a valid date.", "Or none."]}', ". The service says: start: Enter a valid date. Or none."),
        (b'{"name": ["Wrong."], "config": ["Missing."]}', ". The service says: name: Wrong.; config: Missing."),
        (b'{"detail": ["One.", "Two."]}', ". The service says: detail: One. Two."),
        (b'{"config": {"field": ["Unknown."]}}', ". The service says: config: {'field': ['Unknown.']}"),
        (b'["Too many pads."]', ". The service says: ['Too many pads.']"),
        (b'"No."', ". The service says: No."),
        (b"upstream connect error\n", ". The service says: upstream connect error"),
        (b"  <!DOCTYPE html><h1>Bad Gateway</h1>", ""),
        (b"<html>", ""),
        (b"", ""),
        (b"\xff\xfe", ". The service says: \ufffd\ufffd"),
    ],
)
def test_the_words_of_the_service_are_passed_on(body: bytes, words: str) -> None:
    error = error_of(400, body)
    assert str(error) == f"GET https://restream.test/pads/ returned 400: the request is wrong{words}"
    assert isinstance(error, BadRequestError)
    assert error.body == body.decode(errors="replace")


def test_only_the_beginning_of_a_long_body_is_kept() -> None:
    error = error_of(500, b"x" * 100_000)
    assert isinstance(error, ServerError)
    assert error.body == "x" * 2000
    assert len(str(error)) < 2200


def test_a_cut_off_body_is_still_quoted() -> None:
    assert str(error_of(400, b'{"detail": "' + b"x" * 3000)).endswith("x" * 1900)


RETRY_AFTER: list[tuple[str, float | None]] = [
    ("7", 7.0),
    ("0", 0.0),
    (" 12 ", 12.0),
    (formatdate(START + 90, usegmt=True), 90.0),
    (formatdate(START + 90), 90.0),
    (formatdate(START - 90, usegmt=True), 0.0),
    ("Thu, 18 Sep 2025 07:01:30 -0500", 90.0),
    ("", None),
    ("soon", None),
    ("-5", None),
    ("1.5", 1.5),
    ("Thu, 99 Sep 2025 12:01:30 GMT", None),
    ("Thu, 18 Sep 99999999999999999999 12:01:30 GMT", None),
]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER)
def test_retry_after_is_seconds_or_a_date(status: int, value: str, seconds: float | None) -> None:
    error = error_of(status, retry_after=value)
    assert isinstance(error, RateLimitError | ServerError)
    assert error.retry_after == seconds


def test_without_retry_after() -> None:
    error = error_of(429)
    assert isinstance(error, RateLimitError)
    assert error.retry_after is None


DATES = st.from_regex(r"\A(Mon, )?\d{1,2} (Jan|Feb|Sep) \d{1,21} \d{1,3}:\d{1,3}(:\d{1,3})? ?(GMT|UTC|[+-]\d{1,5})?\Z")


@settings(PROPERTY, max_examples=examples(300))
@given(DATES | st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), max_size=40))
def test_no_retry_after_breaks_the_error_that_carries_it(value: str) -> None:
    error = error_of(429, retry_after=value)
    assert isinstance(error, RateLimitError)
    assert error.retry_after is None or error.retry_after >= 0


@settings(PROPERTY, max_examples=examples(200))
@given(st.sampled_from([*STATUSES]), st.binary(max_size=60) | st.text(max_size=30).map(str.encode))
def test_any_body_gives_the_error_of_its_status(status: int, body: bytes) -> None:
    assert type(error_of(status, body)) is STATUSES[status]
