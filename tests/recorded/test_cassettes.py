"""The cassettes contain calls and responses, and no secret."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import _environment
import pytest
import yaml

from datastore_sdk import sandbox
from datastore_sdk._utils.redaction import HIDDEN
from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.testing.cassettes import RECORDED_HEADERS, redact_request, redact_response
from tests.recorded.cassette_files import SECRETS, vcr
from tests.recorded.recorded_calls import RECORDED_CALLS, TOKEN
from tests.support.paths import CASSETTES, ROOT

FILES = sorted(CASSETTES.glob("*.yaml"))
TELLTALES = re.compile(r"bearer |authorization|127\.0\.0\.1|localhost|set-cookie|cookie", re.IGNORECASE)
MAX_BYTES = 300_000


def findings(path: Path) -> list[str]:
    """Return the content of a cassette that it must not have."""
    text = path.read_text("utf-8")
    found = [match.group() for match in TELLTALES.finditer(text)]
    for key in SECRETS:
        values = re.findall(rf'\b{key}(?:=|"\s*:\s*)"?([^&"\s,}}]+)', text)
        found += [f"{key}: {value}" for value in values if value != HIDDEN]
    for interaction in yaml.safe_load(text)["interactions"]:
        request, response = interaction["request"], interaction["response"]
        found += [name for name in (*request["headers"], *response["headers"]) if name.lower() not in RECORDED_HEADERS]
        found += [] if request["uri"].startswith(f"{DEFAULT_HOST}/") else [request["uri"]]
    return found


def test_cassettes_cover_every_call() -> None:
    assert {path.stem for path in FILES} == {*RECORDED_CALLS, TOKEN}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cassettes_contain_no_secret(path: Path) -> None:
    assert findings(path) == []


def test_cassettes_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < MAX_BYTES


def test_record_writes_the_same_cassettes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made: list[sandbox.Sandbox] = []

    class Noted(sandbox.Sandbox):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            made.append(self)

    monkeypatch.setattr(sandbox, "Sandbox", Noted)
    monkeypatch.setattr(_environment, "reexec", id)
    monkeypatch.setattr(sys, "argv", ["record", "--output", str(tmp_path)])
    runpy.run_path(str(ROOT / "scripts" / "record"), run_name="__main__")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {path.name for path in FILES}
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)
    (own,) = made
    for path in tmp_path.iterdir():
        assert findings(path) == []
        text = path.read_text("utf-8")
        assert not any(secret in text for secret in (own.token, own.client_secret, own.url))


def test_record_redacts_secrets_of_requests() -> None:
    request = vcr.request.Request(
        "POST",
        "http://127.0.0.1:8123/o/token/?token=s3cret&page=2",
        b"client_id=me&client_secret=s3cret&grant_type=client_credentials",
        {
            "Authorization": "Bearer s3cret",
            "Cookie": "session=s3cret",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    redacted = redact_request(request)
    assert redacted.uri == f"{DEFAULT_HOST}/o/token/?token={HIDDEN}&page=2"
    assert redacted.body == f"client_id={HIDDEN}&client_secret={HIDDEN}&grant_type=client_credentials".encode()
    assert dict(redacted.headers) == {"Content-Type": "application/x-www-form-urlencoded"}


def test_record_redacts_secrets_of_responses() -> None:
    response: dict[str, Any] = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Set-Cookie": ["session=s3cret"], "Content-Type": ["application/json"], "Server": ["nginx"]},
        "body": {"string": b'{"access_token": "s3cret", "nested": [{"token": "s3cret", "id": 5}]}'},
    }
    redacted = redact_response(response)
    assert redacted["headers"] == {"Content-Type": ["application/json"]}
    assert redacted["body"]["string"] == b'{"access_token": "HIDDEN", "nested": [{"token": "HIDDEN", "id": 5}]}'
    assert b"s3cret" in response["body"]["string"], "the caller still gets the response itself"


@pytest.mark.parametrize(
    "text",
    [
        "authorization: Bearer x",
        "uri: http://127.0.0.1:8123/",
        "client_secret=s3cret",
        '"access_token": "s3cret"',
        "Set-Cookie: a=b",
    ],
)
def test_secret_scan_finds_every_kind(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(f"interactions: []\n# {text}\n")
    assert findings(path) != []
