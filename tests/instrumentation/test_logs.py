"""The log: off by default, one logger a subject, and without secrets, even in records of other libraries."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastore_sdk._utils.redaction import redact_patterns
from datastore_sdk.data import DataQuery
from datastore_sdk.exceptions import CallError
from datastore_sdk.instrumentation.logs import configure_logging, get_logger
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import get_pad, list_pads
from tests.support.error_rendering import render_error
from tests.support.exhaustive import first
from tests.support.fake_server import ClientConnection, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import Reply, head, http_response, respond_by_path, respond_in_turn, send_then
from tests.support.hypothesis_settings import PROPERTY
from tests.support.sync_async_clients import Form

TOKEN = "t0ken-0123456789abcdef"
SECRET = "s3cret-0123456789abcdef"
GRANTED = http_response(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer", "scope": "read"})


def assert_no_secret(text: str) -> None:
    assert text
    assert TOKEN[:14] not in text
    assert SECRET[:14] not in text


Failing = Callable[[Server, Form, RetryPolicy], CallError]


def failing_replies(secret: str) -> dict[str, Reply]:
    """Return responses that make a call fail. Most of them repeat the request."""
    echo = {"detail": f"You sent: Bearer {secret}, {secret}", "access_token": TOKEN}
    return {
        "refused": http_response(403, {"detail": f"You sent: Bearer {secret}, {secret}"}),
        "failed": http_response(503, f"<html>{secret}</html>".encode()),
        "redirected": http_response(302, location="https://login.test/"),
        "no JSON": http_response(200, f'{{"access_token": "{TOKEN}"'.encode()),
        "another shape": http_response(200, echo),
        "closed": send_then(b"", ClientConnection.close),
        "reset": send_then(b"", ClientConnection.reset),
        "broken off": send_then(head(content_length=999) + TOKEN.encode(), ClientConnection.close),
        "no HTTP": send_then(
            f"GET / HTTP/1.1\r\nAuthorization: Bearer {secret}\r\n\r\n".encode(), ClientConnection.close
        ),
        "in another encoding": http_response(200, TOKEN.encode(), content_encoding="br"),
    }


@pytest.fixture(params=["token", "client credentials", "httpx"])
def failing(request: pytest.FixtureRequest, client_of: ClientOf) -> Iterator[Failing]:
    """A function that makes a call fail and returns its error."""

    def fail(server: Server, form: Form, once: RetryPolicy) -> CallError:
        match request.param:
            case "token":
                client = client_of(server, TOKEN, retries=once)
            case "httpx":
                client = client_of(server, TOKEN, retries=once, http=mine, async_http=None)
            case _:
                client = client_of(server, None, client_id="crew", client_secret=SECRET, retries=once)
        with pytest.raises(CallError) as caught:
            form.run(client, list_pads())
        return caught.value

    with httpx.Client() as mine:
        yield fail


@pytest.mark.parametrize("reply", failing_replies(TOKEN).values(), ids=failing_replies(TOKEN))
def test_logs_and_errors_of_a_failing_call_hold_no_secret(
    reply: Reply, failing: Failing, serve: Serve, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the logs of all libraries at their most talkative, not the error with its causes, nor a frame's variables."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "httpcore")
    server = serve(respond_by_path({"/o/token/": GRANTED, "/pads/": reply}))
    error = failing(server, form, RetryPolicy(max_attempts=1))
    logging.getLogger("datastore_sdk").error("It failed", exc_info=error)
    assert_no_secret(caplog.text)
    assert {record.name.split(".")[0] for record in caplog.records} >= {"datastore_sdk"}
    assert_no_secret(render_error(error))


@pytest.mark.parametrize("reply", failing_replies(SECRET).values(), ids=failing_replies(SECRET))
def test_nor_does_a_failing_request_for_a_token(
    reply: Reply, serve: Serve, client_of: ClientOf, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(
        serve(respond_by_path({"/o/token/": reply})), None, client_id="crew", client_secret=SECRET,
        retries=RetryPolicy(max_attempts=1), strict=True,
    )  # fmt: skip
    with pytest.raises(CallError) as caught:
        form.run(client, list_pads())
    assert_no_secret(caplog.text)
    assert_no_secret(render_error(caught.value))


def test_nor_does_a_service_that_is_not_there(client_of: ClientOf, form: Form, serve: Serve) -> None:
    server = serve(respond_in_turn())
    for options in ({}, {"proxy": "http://user:s3cret-0123456789abcdef@127.0.0.1:9"}):
        client = client_of(server, TOKEN, base_url="http://127.0.0.1:9", retries=RetryPolicy(max_attempts=1), **options)
        with pytest.raises(CallError) as caught:
            form.run(client, get_pad(7))
        assert_no_secret(render_error(caught.value))


def test_the_log_has_subjects(caplog: pytest.LogCaptureFixture, serve: Serve, client_of: ClientOf, form: Form) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(respond_in_turn(http_response(503), http_response(200, b"[]", x_request_id="r-7")))
    form.run(client_of(server), list_pads())
    url = f"GET {server.url}/external/thirdparty/v1/pads/"
    sdk_records = [record for record in caplog.records if record.name.startswith("datastore_sdk")]
    assert [(record.name, record.levelname) for record in sdk_records] == [
        ("datastore_sdk.http", "DEBUG"),
        ("datastore_sdk.http", "DEBUG"),
        ("datastore_sdk.http", "DEBUG"),
        ("datastore_sdk.retry", "WARNING"),
        ("datastore_sdk.http", "DEBUG"),
        ("datastore_sdk.http", "DEBUG"),
    ]
    assert sdk_records[0].getMessage() == url
    assert sdk_records[-1].getMessage() == f"{url} returned 200 after 0.000 s (request id r-7)"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("{'authorization': 'Bearer abc'}", "{'authorization': 'Bearer ***'}"),
        ("client_id=crew&client_secret=abc&x=1", "client_id=crew&client_secret=***&x=1"),
        ('{"access_token": "abc", "expires_in": 1}', '{"access_token": "***", "expires_in": 1}'),
        ("TokenRequest(client_secret='abc')", "TokenRequest(client_secret='***')"),
        ("Client(auth_token='abc')", "Client(auth_token='***')"),
        ("http://user:abc@proxy.test:3128/", "http://user:***@proxy.test:3128/"),
        ("https://restream.test:8443/pads/?at=07:00@noon", "https://restream.test:8443/pads/?at=07:00@noon"),
        ("the bearer of bad news", "the bearer *** bad news"),
        ("nothing to hide: 12:30, a@b.test", "nothing to hide: 12:30, a@b.test"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, hidden: str) -> None:
    assert redact_patterns(text) == hidden


@PROPERTY
@given(st.text(st.characters(categories=["L", "N"]), min_size=8))
def test_any_secret_is_redacted(secret: str) -> None:
    for written in (f"Bearer {secret}", f"x client_secret={secret}&y", f"{{'access_token': '{secret}'}}"):
        assert secret not in redact_patterns(written)


def test_errors_and_arguments_of_a_record_are_looked_at_too(caplog: pytest.LogCaptureFixture) -> None:
    error = RuntimeError(f"Bearer {TOKEN}")
    get_logger("test").error("header %s: %s", "Authorization", f"Bearer {TOKEN}", exc_info=error)
    assert "Bearer ***" in caplog.text
    assert_no_secret(caplog.text)


def test_logger_has_one_filter_after_many_lookups() -> None:
    assert len(get_logger("test").filters) == len(get_logger("test").filters) == 1


PROGRAM = """
import sys
from datastore_sdk import Client, RetryPolicy
from datastore_sdk._io.clock import Clock
from restream_api.api.pads import list_pads
Clock.sleep = lambda self, seconds: None
with Client("t0ken-0123456789abcdef", base_url=sys.argv[1], retries=RetryPolicy(max_attempts=2)) as client:
    client.request(list_pads())
"""


def run(server: Server, level: str | None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, server.url],
        env=environment if level is None else {**environment, "RESTREAM_LOG": level},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


@pytest.mark.parametrize(
    ("level", "requests", "retries"), first(1, [("debug", 2, 1), ("ERROR", 0, 0), ("Info", 0, 1), ("warning", 0, 1)])
)
def test_the_environment_turns_it_on(level: str, requests: int, retries: int, serve: Serve) -> None:
    done = run(serve(respond_in_turn(http_response(503), http_response(200, b"[]"))), level)
    lines = done.stderr.splitlines()
    assert sum(" DEBUG   datastore_sdk.http: GET " in line and line.endswith("/pads/") for line in lines) == requests
    assert sum(" WARNING datastore_sdk.retry: GET " in line and "attempt 2 of 2" in line for line in lines) == retries
    assert TOKEN not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("level", first(1, [None, "", "  "]))
def test_it_is_silent_by_itself(level: str | None, serve: Serve) -> None:
    done = run(serve(respond_in_turn(http_response(503), http_response(200, b"[]"))), level)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_level_that_does_not_exist_is_said_and_does_no_harm(serve: Serve) -> None:
    done = run(serve(respond_in_turn(http_response(503), http_response(200, b"[]"))), "loud")
    assert (
        "UserWarning: RESTREAM_LOG is 'loud', which is not a level; valid levels are debug, info, warning"
        in done.stderr
    )
    assert "attempt 2" not in done.stderr


def test_a_level_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger("datastore_sdk")
    before = (list(root.handlers), root.level, root.propagate)
    monkeypatch.setenv("RESTREAM_LOG", "info")
    try:
        configure_logging()
        assert root.level == logging.INFO
        assert not root.propagate
    finally:
        root.handlers, root.propagate = before[0], before[2]
        root.setLevel(before[1])


def test_download_errors_hold_no_secrets(
    serve: Serve, client_of: ClientOf, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    damaged = b'[{"timestamp": 1, "site_id": 981}, Bearer ' + TOKEN.encode() + b"]"
    client = client_of(serve(respond_in_turn(http_response(200, damaged))), TOKEN)
    with pytest.raises(CallError) as caught:
        form.records(client, [DataQuery(source="site", id=981)], [])
    assert_no_secret(caplog.text)
    assert_no_secret(str(caught.value))


@pytest.mark.parametrize(
    "reply", [http_response(404), send_then(b"", ClientConnection.close)], ids=["refused", "closed"]
)
def test_error_that_the_program_handles_keeps_its_traceback(
    reply: Reply, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    client = client_of(serve(respond_in_turn(reply)), retries=RetryPolicy(max_attempts=1))
    handled = ValueError("of the program")
    with pytest.raises(CallError):
        while_handling(handled, lambda: form.run(client, list_pads()))
    assert handled.__traceback__ is not None


def while_handling(error: Exception, call: Callable[[], object]) -> None:
    try:
        raise error
    except type(error):
        call()
