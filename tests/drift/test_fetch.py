"""Text from files and URLs, and everything that can be wrong with them."""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path

import pytest

from datastore_sdk.cli import main
from datastore_sdk.drift import DriftError, Spec, compare, load, shipped
from tests.drift.spec_builders import REAL
from tests.support.fake_server import Handler, Line, Received
from tests.support.fixtures import Serve, nothing_left, serve
from tests.support.http_responses import always, answer, by_path, chunk, head, in_turn

__all__ = ["nothing_left", "serve"]


def refusal(source: str) -> str:
    """What a source is refused with."""
    with pytest.raises(DriftError) as caught:
        Spec(load(source))
    return str(caught.value)


def test_a_contract_from_a_url(serve: Serve) -> None:
    server = serve(always(answer(200, REAL.encode())))
    assert compare(shipped(), Spec(load(f"{server.url}/openapi.yaml"))).findings == ()


def test_redirects_are_followed(serve: Serve) -> None:
    server = serve(by_path({"/old": answer(301, b"", Location="/new"), "/new": answer(200, b"a: 1")}))
    assert load(f"{server.url}/old").content == {"a": 1}
    assert "infinite loop" in refusal(f"{serve(always(answer(302, b'', Location='/'))).url}/")
    assert "is not allowed" in refusal(f"{serve(always(answer(302, b'', Location='file:///etc/passwd'))).url}/")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refusal(str(tmp_path / "none.yaml"))
    assert "directory" in refusal(str(tmp_path))
    assert "null byte" in refusal("a\0b")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4")
    assert "no text in UTF-8" in refusal(str(tmp_path / "latin.yaml"))


def hang_up(line: Line, _: Received) -> None:
    line.close()


NO_ANSWERS: list[tuple[Handler, str]] = [
    (always(answer(404, b"no")), "HTTP Error 404"),
    (always(answer(500, b"no")), "HTTP Error 500"),
    (always(b"what?\r\n\r\n"), "what?"),
    (hang_up, "Remote end closed connection"),
    (always(answer(200, gzip.compress(b"a: 1"))), "no text in UTF-8"),
    (always(answer(200, b"<html><p>Hello: <b>you</b>")), "is no OpenAPI 3 document"),
]


@pytest.mark.parametrize(("handler", "told"), NO_ANSWERS)
def test_urls_that_do_not_answer(serve: Serve, handler: Handler, told: str) -> None:
    url = f"{serve(handler).url}/openapi.yaml"
    message = refusal(url)
    assert message.startswith(url)
    assert told in message


def test_urls_that_nobody_is_at() -> None:
    assert "cannot be fetched" in refusal("http://127.0.0.1:1/openapi.yaml")
    assert "a URL cannot be read" in refusal("http://[/openapi.yaml")
    assert "cannot be fetched" in refusal("http://localhost:99999/openapi.yaml")


@pytest.mark.parametrize("chunked", [False, True])
def test_what_breaks_off_is_told(serve: Serve, chunked: bool) -> None:
    reply = (
        head(200, Transfer_Encoding="chunked") + chunk(b"a: 1") if chunked else head(200, Content_Length=9) + b"a: 1"
    )

    def break_off(line: Line, _: Received) -> None:
        line.send(reply)
        line.close()

    message = refusal(serve(break_off).url)
    assert "broke off: 4 of 9 bytes came" in message or "IncompleteRead" in message


def test_what_drips_is_not_waited_for_for_ever(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(line: Line, _: Received) -> None:
        line.send(head(200, Content_Length=999))
        with suppress(OSError):  # once nobody reads any more
            while not line.stall(0.01):
                line.send(b"a")

    monkeypatch.setattr("datastore_sdk.drift.fetch.PATIENCE", 0.2)
    assert "did not come to its end within 0.2 s" in refusal(serve(drip).url)


def test_texts_are_not_endless(monkeypatch: pytest.MonkeyPatch, serve: Serve, tmp_path: Path) -> None:
    monkeypatch.setattr("datastore_sdk.drift.fetch.LONGEST", 10)
    (tmp_path / "long.yaml").write_text("a" * 11, "utf-8")
    assert "too long" in refusal(str(tmp_path / "long.yaml"))
    assert "too long" in refusal(serve(always(answer(200, b"a" * 11))).url)


def test_credentials_are_sent_to_their_host_alone_and_never_shown(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    other = serve(always(answer(200, REAL.encode())))
    server = serve(in_turn(answer(302, b"", Location=other.url), answer(404)))
    url = server.url.replace("://", "://me:s3cret%21@") + "/openapi.yaml?api_key=s3cret"
    assert main(["drift", "spec", url, "sdk", "--json"]) == 0
    assert main(["drift", "spec", url, "sdk"]) == 3
    out, err = capsys.readouterr()
    assert "s3cret" not in out + err
    assert f"{server.url}/openapi.yaml?api_key=HIDDEN cannot be fetched: HTTP Error 404" in err
    assert server.received[0].headers["authorization"] == "Basic bWU6czNjcmV0IQ=="
    assert server.received[0].target == "/openapi.yaml?api_key=s3cret"
    assert "authorization" not in other.received[0].headers
