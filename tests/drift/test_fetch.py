"""Text from files and URLs, and every way in which reading one can fail."""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path

import pytest

from datastore_sdk.cli import main
from datastore_sdk.drift import DriftError, Spec, compare, load_shipped_spec, load_spec
from datastore_sdk.drift.loader import load_document
from tests.drift.spec_builders import REAL
from tests.support.fake_server import ClientConnection, Handler, HttpRequest
from tests.support.fixtures import Serve, nothing_left, serve
from tests.support.http_responses import chunk, head, http_response, respond_always, respond_by_path, respond_in_turn

__all__ = ["nothing_left", "serve"]


def error_message(source: str) -> str:
    """Return the error for a source."""
    with pytest.raises(DriftError) as caught:
        load_spec(source)
    return str(caught.value)


def test_spec_from_a_url_is_read(serve: Serve) -> None:
    server = serve(respond_always(http_response(200, REAL.encode())))
    spec = Spec(load_document(f"{server.url}/openapi.yaml"), validate=False)
    assert compare(load_shipped_spec(), spec).findings == ()
    assert server.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed(serve: Serve, status: int) -> None:
    server = serve(
        respond_by_path({"/old": http_response(status, b"", Location="/new"), "/new": http_response(200, b"a: 1")})
    )
    assert load_document(f"{server.url}/old").content == {"a": 1}


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/", "cannot be fetched: more than 10 redirects"),
        ("file:///etc/passwd", "it redirects to a URL that is not http or https"),
        ("ftp://example.com/a", "it redirects to a URL that is not http or https"),
    ],
)
def test_redirect_that_leads_nowhere_is_refused(serve: Serve, location: str, message: str) -> None:
    assert message in error_message(f"{serve(respond_always(http_response(302, b'', Location=location))).url}/")


def test_unreadable_file_is_reported(tmp_path: Path) -> None:
    assert "No such file" in error_message(str(tmp_path / "none.yaml"))
    assert "directory" in error_message(str(tmp_path))
    assert "null byte" in error_message("a\0b")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4")
    assert "not UTF-8 text" in error_message(str(tmp_path / "latin.yaml"))


def close_connection(line: ClientConnection, _: HttpRequest) -> None:
    line.close()


FAILURES: list[tuple[Handler, str]] = [
    (respond_always(http_response(404, b"no")), "cannot be fetched: the server responded with status 404"),
    (respond_always(http_response(500, b"no")), "cannot be fetched: the server responded with status 500"),
    (respond_always(http_response(304, b"")), "cannot be fetched: the server responded with status 304"),
    (respond_always(b"what?\r\n\r\n"), "cannot be fetched: the response is not valid HTTP"),
    (close_connection, "cannot be fetched: the connection was lost"),
    (respond_always(http_response(200, gzip.compress(b"a: 1"))), "is not UTF-8 text"),
    (respond_always(http_response(200, b"<html><p>Hello: <b>you</b>")), "is not an OpenAPI 3 document"),
]


@pytest.mark.parametrize(("handler", "message"), FAILURES, ids=[message for _, message in FAILURES])
def test_failed_response_is_reported_with_the_url(serve: Serve, handler: Handler, message: str) -> None:
    url = f"{serve(handler).url}/openapi.yaml"
    assert error_message(url).startswith(f"{url} {message}")


def test_unreachable_url_is_reported() -> None:
    message = error_message("http://127.0.0.1:1/openapi.yaml")
    assert message.startswith("http://127.0.0.1:1/openapi.yaml cannot be fetched: the service was not reached: ")
    assert "invalid URL" in error_message("http://[/openapi.yaml")
    assert "invalid URL: Port out of range" in error_message("http://localhost:99999/openapi.yaml")


def test_proxy_of_the_environment_is_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(respond_always(http_response(200, b"a: 1")))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert load_document("http://spec.invalid/openapi.yaml").content == {"a": 1}
    assert proxy.received[0].target == "http://spec.invalid/openapi.yaml"


@pytest.mark.parametrize("chunked", [False, True])
def test_truncated_response_is_reported(serve: Serve, chunked: bool) -> None:
    reply = (
        head(200, Transfer_Encoding="chunked") + chunk(b"a: 1") if chunked else head(200, Content_Length=9) + b"a: 1"
    )

    def truncate(line: ClientConnection, _: HttpRequest) -> None:
        line.send(reply)
        line.close()

    assert "cannot be fetched: the connection was lost" in error_message(serve(truncate).url)


def test_slow_response_is_stopped_at_the_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(line: ClientConnection, _: HttpRequest) -> None:
        line.send(head(200, Content_Length=999))
        with suppress(OSError):  # the client closes the connection
            while not line.stall(0.01):
                line.send(b"a")

    monkeypatch.setattr("datastore_sdk.drift.fetch.TIMEOUT_SECONDS", 0.2)
    assert "no complete response within 0.2 s" in error_message(serve(drip).url)


def test_large_text_is_refused(monkeypatch: pytest.MonkeyPatch, serve: Serve, tmp_path: Path) -> None:
    monkeypatch.setattr("datastore_sdk.drift.fetch.MAX_BYTES", 10)
    (tmp_path / "long.yaml").write_text("a" * 11, "utf-8")
    assert "too large: more than 10 bytes" in error_message(str(tmp_path / "long.yaml"))
    assert "too large: more than 10 bytes" in error_message(serve(respond_always(http_response(200, b"a" * 11))).url)


def test_credentials_go_to_the_first_host_only_and_are_hidden(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    other = serve(respond_always(http_response(200, REAL.encode())))
    server = serve(
        respond_in_turn(
            http_response(302, b"", Location=other.url), http_response(404), http_response(500, b""), b"what?\r\n\r\n"
        )
    )
    url = server.url.replace("://", "://me:s3cret%21@") + "/openapi.yaml?api_key=s3cret"
    assert main(["drift", "spec", url, "sdk", "--json"]) == 0
    for _ in range(3):
        assert main(["drift", "spec", url, "sdk"]) == 3
    out, err = capsys.readouterr()
    assert "s3cret" not in out + err
    assert f"{server.url}/openapi.yaml?api_key=HIDDEN cannot be fetched: the server responded with status 404" in err
    assert server.received[0].headers["authorization"] == "Basic bWU6czNjcmV0IQ=="
    assert server.received[0].target == "/openapi.yaml?api_key=s3cret"
    assert "authorization" not in other.received[0].headers


def test_unreachable_url_with_secrets_hides_them() -> None:
    message = error_message("http://me:s3cret@127.0.0.1:1/openapi.yaml?api_key=s3cret")
    assert "s3cret" not in message
    assert "api_key=HIDDEN" in message
