"""Errors of calls: each failure has its own exception, with what happened and what to do."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Pad, RetryPolicy, Site, Timeouts
from datastore_sdk.exceptions import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    CallError,
    ConfigurationError,
    CorruptBodyError,
    MissingCredentialsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    RestreamError,
    ServerError,
    TruncatedBodyError,
)
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.support.fake_server import ClientConnection
from tests.support.fake_service import TOKEN, Serving
from tests.support.http_responses import Reply, chunk, head, http_response, send_then
from tests.support.jumping_clock import JumpingClock
from tests.support.sync_async_calls import PREFIX, Form, list_requests

PAD = {
    "id": 668,
    "name": "Mesquite Draw 14",
    "lease_name": "Mesquite Draw",
    "customer_name": "Mesa Verde Resources",
    "simops_config": None,
    "completion_date": None,
    "wireline_enabled": True,
}
STATUSES: list[tuple[int, Any, type[APIStatusError], str]] = [
    (400, {"name_search": ["Too short."]}, BadRequestError, "the request is wrong. The service says: name_s"),
    (401, {"detail": "Invalid token."}, AuthenticationError, "the token is missing, invalid or expired"),
    (
        403,
        {"detail": "No permission."},
        PermissionDeniedError,
        "the token gives no access to it. The service says: No p",
    ),
    (404, {"detail": "Not found."}, NotFoundError, "the object does not exist, or the token has no access to it"),
    (405, {"detail": "Not allowed."}, BadRequestError, "the request is wrong. The service says: Not allowed."),
    (409, b"", BadRequestError, "the request is wrong"),
    (429, {"detail": "Slow down."}, RateLimitError, "too many calls at a time. The service says: Slow down."),
    (500, b"<html>Oops</html>", ServerError, "the service failed"),
    (502, b"bad gateway", ServerError, "the service failed. The service says: bad gateway"),
    (503, {"detail": "Down."}, ServerError, "the service failed. The service says: Down."),
]


def calls(client: Client, form: Form) -> list[Callable[[], Any]]:
    """Return a call of each kind."""
    data = form(Site(id=981, client=client), "get_data")
    return [
        lambda: form(Pad, "get_models", client=client),
        lambda: form(Pad, "get_model", 668, client=client, as_dict=True),
        lambda: form(Site(id=981, client=client), "update"),
        lambda: form(Site(id=981, client=client), "get_stages_metadata"),
        lambda: form.records(data),
    ]


@pytest.mark.parametrize(("status", "body", "error", "message"), STATUSES)
def test_an_error_response(
    serving: Serving, form: Form, status: int, body: Any, error: type[APIStatusError], message: str
) -> None:
    service = serving(http_response(status, body, X_Request_ID="f00-ba4"))
    for call in calls(service.client, form):
        with pytest.raises(RestreamError, match=message) as caught:
            call()
        assert type(caught.value) is error
        assert caught.value.method == "GET"
        request = service.server.received[-1]
        assert caught.value.url == service.server.url + request.target
        assert str(caught.value).startswith(f"GET {caught.value.url} returned {status}: ")
        assert caught.value.status == status
        assert caught.value.body == (body.decode() if isinstance(body, bytes) else caught.value.body)
        assert caught.value.request_id == "f00-ba4"
    assert len(service.server.received) == len(calls(service.client, form))


def test_without_a_request_id_and_with_a_long_body(serving: Serving, form: Form) -> None:
    service = serving(http_response(400, b"x" * 100_000))
    with pytest.raises(BadRequestError) as caught:
        form(Pad, "get_models", client=service.client)
    assert caught.value.request_id is None
    assert 100 < len(caught.value.body) < 10_000
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize(("status", "error"), [(429, RateLimitError), (503, ServerError)])
def test_when_to_try_again(
    serving: Serving, form: Form, status: int, error: type[RateLimitError | ServerError]
) -> None:
    with pytest.raises(error) as caught:
        form(Pad, "get_models", client=serving(http_response(status, Retry_After=7)).client)
    assert isinstance(caught.value, RateLimitError | ServerError)
    assert caught.value.retry_after == 7
    with pytest.raises(error) as caught:
        form(Pad, "get_models", client=serving(http_response(status)).client)
    assert vars(caught.value)["retry_after"] is None


@pytest.mark.parametrize("status", [429, 503])
def test_calls_are_made_again_before_they_fail(serving: Serving, form: Form, status: int) -> None:
    clock = JumpingClock()
    service = serving(http_response(status), retries=RetryPolicy(max_attempts=3), clock=clock)
    with pytest.raises(APIStatusError):
        form(Pad, "get_models", client=service.client)
    assert service.request_lines == ["GET /pads/"] * 3
    assert len(clock.sleeps) == 2


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        yield listener.getsockname()[1]


def test_a_closed_port(form: Form, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with Client(TOKEN, base_url=url, retries=RetryPolicy(max_attempts=1)) as client:
        for call in calls(client, form):
            with pytest.raises(APIConnectionError, match="the service was not reached") as caught:
                call()
            assert isinstance(caught.value, ConnectionError)
            assert caught.value.method == "GET"
            assert caught.value.url.startswith(url + PREFIX)
            assert caught.value.sent is False
        form(client, "close")


@pytest.mark.parametrize(
    "reply",
    [
        send_then(b"", ClientConnection.reset),
        send_then(b"", ClientConnection.close),
        send_then(head(content_length=50) + b"[{", ClientConnection.reset),
    ],
)
def test_a_lost_connection(serving: Serving, form: Form, reply: Reply) -> None:
    service = serving(reply)
    for call in calls(service.client, form):
        with pytest.raises(APIConnectionError, match="the connection was lost") as caught:
            call()
        assert caught.value.sent is True
        assert caught.value.url.startswith(service.server.url)


def test_a_late_response(serving: Serving, form: Form) -> None:
    service = serving(send_then(b"", ClientConnection.stall), timeout=Timeouts(read=0.1, first_byte=0.1, idle=0.1))
    for call in calls(service.client, form):
        with pytest.raises(APITimeoutError, match="timed out") as caught:
            call()
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.url.startswith(service.server.url)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"detail": "soon"}, "the body: input should be a valid array, received .*soon"),
        (b"<html>Maintenance</html>", "the body: invalid JSON: expected value"),
        (b"", "the body: invalid JSON: EOF"),
    ],
)
def test_a_response_that_breaks_the_contract(serving: Serving, form: Form, body: Any, problem: str) -> None:
    service = serving(http_response(200, body))
    message = f"the response does not match the API contract: {problem}"
    with pytest.raises(ResponseValidationError, match=message) as caught:
        form(Pad, "get_models", client=service.client)
    assert len(caught.value.problems) == 1
    assert caught.value.method == "GET"
    assert caught.value.url == f"{service.server.url}{PREFIX}/pads/"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ([{**PAD, "name": None}], "0.name: input should be a valid string, received None"),
        ([{**PAD, "completion_date": "soon"}], "0.completion_date: input should be .*, received 'soon'"),
        ([{key: value for key, value in PAD.items() if key != "lease_name"}], "0.lease_name: field required"),
        ({"results": []}, "the body: input should be a valid array, received .*results"),
    ],
)
def test_a_strict_client_refuses_what_does_not_fit(serving: Serving, form: Form, body: Any, problem: str) -> None:
    service = serving(http_response(200, body), strict=True)
    with pytest.raises(ResponseValidationError, match=f"does not match the API contract: {problem}") as caught:
        form(Pad, "get_models", client=service.client)
    assert len(caught.value.problems) == 1


def test_a_long_list_of_problems_is_cut(serving: Serving, form: Form) -> None:
    service = serving(http_response(200, [{**PAD, "name": "x" * 500, "id": None}] * 40), strict=True)
    with pytest.raises(ResponseValidationError, match=r"\(and 35 more\)") as caught:
        form(Pad, "get_models", client=service.client)
    assert len(caught.value.problems) == 5
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("status", [204, 206, 301, 302, 307])
def test_an_unknown_success_or_redirection(serving: Serving, form: Form, status: int) -> None:
    elsewhere = "https://elsewhere.example/pads/"
    service = serving(http_response(status, Location=elsewhere))
    with pytest.raises(
        ResponseValidationError, match=f"returned {status}, which is not a success status of this call"
    ) as caught:
        form(Pad, "get_models", client=service.client)
    assert elsewhere in str(caught.value)
    assert len(service.server.received) == 1


BROKEN: list[tuple[str, Reply, type[CallError], str]] = [
    ("cut", http_response(200, b'[{"timestamp": 1},\n{"timestamp": 2'), TruncatedBodyError, "broke off after 34 bytes"),
    ("no end", http_response(200, b'[{"timestamp": 1}'), TruncatedBodyError, "the body broke off"),
    ("empty", http_response(200, b""), TruncatedBodyError, "the body broke off"),
    (
        "damaged",
        http_response(200, b'[{"timestamp": 1},\n{"timestamp": oops}]'),
        CorruptBodyError,
        "the body is corrupt",
    ),
    ("NaN", http_response(200, b'[{"timestamp": 1, "slurry_rate": NaN}]'), CorruptBodyError, "NaN is not JSON"),
    ("no records", http_response(200, b"[1, 2, 3]"), CorruptBodyError, "expected a JSON array of records"),
    ("no array", http_response(200, b'{"detail": "soon"}'), CorruptBodyError, "expected a JSON array of records"),
    ("html", http_response(200, b"<html>Maintenance</html>"), CorruptBodyError, "expected a JSON array of records"),
    (
        "bad gzip",
        http_response(200, b"not gzip", content_encoding="gzip"),
        CorruptBodyError,
        "compressed body is corrupt",
    ),
    (
        "brotli",
        http_response(200, b"?", content_encoding="br"),
        ResponseValidationError,
        "the encoding 'br', which was not requested",
    ),
    (
        "lost",
        send_then(head(transfer_encoding="chunked") + chunk(b'[{"timestamp": 1}'), ClientConnection.close),
        APIConnectionError,
        "the connection was lost",
    ),
]


@pytest.mark.parametrize(("reply", "error", "message"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_records_that_cannot_be_trusted(
    serving: Serving, form: Form, tmp_path: Path, reply: Reply, error: type[CallError], message: str
) -> None:
    service = serving(reply)
    data = form(Site(id=981, client=service.client), "get_data")
    for call in (
        lambda: form.records(data),
        lambda: form(data, "save", tmp_path / "data.json"),
        lambda: form(data, "save", tmp_path / "data.csv"),
    ):
        with pytest.raises(error, match=message) as caught:
            call()
        assert caught.value.method == "GET"
        assert caught.value.url.startswith(f"{service.server.url}{PREFIX}/sites/981/data/?")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "call", "arguments"),
    [
        (Pad, "get_models", {}),
        (Site, "get_model", {"id": 981}),
        (Pad(id=668), "update", {}),
        (Pad(id=668), "get_sites", {}),
        (Site(id=981), "get_stages_metadata", {}),
        (Site(id=981), "get_data", {}),
        (Site(id=981), "get_data_changes", {}),
    ],
)
def test_no_credentials_at_all(form: Form, target: object, call: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(MissingCredentialsError) as caught:
        form(target, call, **arguments)
    for hint in ("TALLY_AUTH_TOKEN", "auth_token=", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET", "client=Client("):
        assert hint in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET"])
def test_half_of_the_client_credentials(monkeypatch: pytest.MonkeyPatch, form: Form, name: str) -> None:
    monkeypatch.setenv(name, "half")
    (other,) = {"RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET"} - {name}
    with pytest.raises(MissingCredentialsError, match=f"{other}.* is missing"):
        form(Pad, "get_models")


@pytest.mark.parametrize("token", ["", "   ", "two words", "line\nbreak", "tökên", "\x00"])
def test_a_token_that_cannot_be_one(sandbox: Sandbox, form: Form, token: str) -> None:
    with pytest.raises(ConfigurationError, match="token") as caught:
        form(Pad, "get_models", auth_token=token)
    assert not token.strip() or token not in str(caught.value)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    "host", ["app.restreamsolutions.com", "ftp://example.com", "https://", "http://example.com", "https://me:x@host"]
)
def test_a_host_that_cannot_be_one(monkeypatch: pytest.MonkeyPatch, form: Form, host: str) -> None:
    monkeypatch.setenv("RESTREAM_HOST", host)
    with pytest.raises(ConfigurationError, match=r"RESTREAM_HOST|unencrypted"):
        form(Pad, "get_models", auth_token=TOKEN)


def test_what_the_service_itself_refuses(monkeypatch: pytest.MonkeyPatch, form: Form) -> None:
    with Sandbox(now=NOW, days=1, denied={668, 981}) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        with pytest.raises(PermissionDeniedError, match="You do not have permission"):
            form(Pad, "get_model", 668, client=client)
        with pytest.raises(PermissionDeniedError):
            form.records(form(Site(id=981, client=client), "get_data"))
        with pytest.raises(NotFoundError, match="Not found"):
            form(Pad, "get_model", 5, client=client)
        monkeypatch.setenv("RESTREAM_HOST", sandbox.url)
        with pytest.raises(AuthenticationError, match="Invalid token"):
            form(Pad, "get_models", auth_token="somebody-elses")
        form(client, "close")


@pytest.mark.usefixtures("sandbox")
def test_an_unknown_measurement_source(form: Form) -> None:
    timestamp = datetime(2025, 9, 17, tzinfo=UTC)
    data = form(Pad(id=681), "get_data", timestamp, timestamp, measurement_sources_names="M9")
    with pytest.raises(BadRequestError, match='"M9" is not a measurement source of this pad'):
        form.records(data)


@pytest.mark.parametrize(("status", "body", "error", "message"), STATUSES[:8:2])
def test_errors_survive_pickling(
    serving: Serving, form: Form, status: int, body: Any, error: type[APIStatusError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        form(Pad, "get_models", client=serving(http_response(status, body)).client)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert type(twin) is error
    assert str(twin) == str(caught.value)
    assert vars(twin) == vars(caught.value)
