"""Cassettes without the pytest fixtures, and the scan for secrets."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Pad, Site
from datastore_sdk.sandbox import Sandbox
from datastore_sdk.testing import RecordMode, SecretFoundError, use_cassette
from datastore_sdk.testing.secret_scanner import SecretScanner

vcr: Any = import_module("vcr")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "cassette.yaml"


def test_requests_are_recorded_once_and_replayed(own_sandbox: Sandbox, path: Path) -> None:
    pads = Pad.get_models()
    for expected in (True, False):
        with use_cassette(path, "once") as cassette:
            assert Pad.get_models() == pads
            assert asyncio.run(Pad.aget_models()) == pads
        assert (cassette.is_recording, len(cassette), cassette.all_played) == (expected, 2, not expected)
    assert len(own_sandbox.requests) == 3
    with use_cassette(path, RecordMode.NEW) as cassette:
        assert Pad.get_models() == pads
        assert len(Site.get_models()) > 1
    assert cassette.play_count == 1
    assert [request.path.split("/")[-2] for request in own_sandbox.requests[3:]] == ["sites"]
    with use_cassette(path, RecordMode.ALL) as cassette:
        Site.get_models()
    with use_cassette(path) as cassette:
        assert len(cassette) == 1
        with pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
            Pad.get_models()


def test_custom_client_is_recorded(own_sandbox: Sandbox, path: Path) -> None:
    with use_cassette(path, "once"), Client(own_sandbox.token, base_url=own_sandbox.url) as client:
        assert len(Pad.get_models(client=client)) == 5
    with use_cassette(path), Client("any") as client:
        assert len(Pad.get_models(client=client)) == 5


def test_client_in_use_is_recorded_and_replayed(own_sandbox: Sandbox, path: Path) -> None:
    with Client(own_sandbox.token, base_url=own_sandbox.url) as client:
        assert len(Pad.get_models(client=client)) == 5
        for _ in range(2):
            with use_cassette(path, "once"):
                assert len(Pad.get_models(client=client)) == 5
    assert len(own_sandbox.requests) == 2


def test_requests_after_a_cassette_are_sent(own_sandbox: Sandbox, path: Path) -> None:
    with use_cassette(path, "once"):
        Pad.get_models()
    own_sandbox.requests.clear()
    Pad.get_models()
    assert len(own_sandbox.requests) == 1


@pytest.mark.usefixtures("own_sandbox")
def test_secret_of_the_user_is_not_recorded(path: Path) -> None:
    pads = Pad.get_models(as_dict=True)
    with (
        pytest.raises(SecretFoundError, match=r"cassette\.yaml was not written: there is a secret"),
        use_cassette(path, "once", secrets=[pads[0]["name"]]),
    ):
        Pad.get_models()
    assert not path.exists()


def test_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setitem(sys.modules, "vcr", None)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[testing\]"), use_cassette(path):
        pass


def test_invalid_record_mode_raises(path: Path) -> None:
    with pytest.raises(ValueError, match="sometimes"), use_cassette(path, "sometimes"):
        pass


def call(uri: str = "https://host/pads/", body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    return vcr.request.Request("GET", uri, body, headers or {})


def response(text: str = "{}", headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"status": {"code": 200, "message": "OK"}, "headers": headers or {}, "body": {"string": text.encode()}}


SECRET = "tok/en+0123456789"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    ("request_", "response_body"),
    [
        (call(f"https://host/pads/?name={SECRET}"), response()),
        (call("https://host/pads/?name=tok%2Fen%2B0123456789"), response()),
        (call(body=SECRET.encode()), response()),
        (call(headers={"Accept": SECRET}), response()),
        (call(), response(f'{{"name": "{SECRET}"}}')),
        (call(), response('{"name": "tok\\/en+0123456789"}')),
        (call(), response(headers={"X-Echo": [SECRET]})),
        (call(headers={"X-Auth": "Bearer abcdefghijk"}), response()),
        (call(), response(f'{{"name": "{JWT}"}}')),
        (call(), response("-----BEGIN RSA PRIVATE KEY-----")),
    ],
)
def test_scan_finds_secrets(request_: Any, response_body: Any) -> None:
    with pytest.raises(SecretFoundError) as raised:
        SecretScanner([SECRET]).scan([request_], [response_body], "some.yaml")
    assert SECRET not in str(raised.value)
    assert JWT not in str(raised.value)


def test_scan_accepts_text_without_secrets() -> None:
    scanner = SecretScanner(["", "short", "HIDDEN"])
    scanner.add_from_response(response('{"access_token": "HIDDEN", "token_type": "Bearer"}'))
    scanner.add_from_response(response("not JSON"))
    scanner.scan([call("https://host/?q=short")], [response('{"token": "HIDDEN", "a": "Bearer HIDDEN"}')], "some.yaml")


def test_scan_adds_secrets_of_requests() -> None:
    scanner = SecretScanner()
    scanner.add_from_request(call(body=b"client_id=the-client-id&grant_type=client_credentials"))
    scanner.add_from_request(call(headers={"Authorization": f"Bearer {SECRET}"}))
    scanner.add_from_response(response('[{"access_token": "the-access-token"}]'))
    for secret in ("the-client-id", SECRET, "the-access-token"):
        with pytest.raises(SecretFoundError):
            scanner.scan([call()], [response(f'{{"note": "{secret}"}}')], "some.yaml")
