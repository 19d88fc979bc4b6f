"""`Client.describe()`: every setting and its source, without secrets."""

from __future__ import annotations

import json
import ssl

import certifi
import httpx
import pytest

from datastore_sdk.client import Client
from datastore_sdk.instrumentation.events import Hooks
from datastore_sdk.transport.executor.retry import RetryPolicy

LONG = "eyJhbGciOiJIUzI1NiJ9." + "0123456789abcdef" * 2


def test_defaults() -> None:
    shown = Client("t0ken").describe()
    assert shown["base_url"] == shown["base_url"]
    assert (shown["base_url"].value, shown["base_url"].source) == ("https://app.restreamsolutions.com", "default")
    assert (shown["auth_token"].value, shown["auth_token"].source) == ("***", "argument")
    assert shown["timeout"].value["first_byte"] == 600
    assert (shown["profile"].value, shown["profile"].source) == (None, "default")


def test_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        "RESTREAM_CLIENT_ID": "crew",
        "RESTREAM_CLIENT_SECRET": LONG,
        "RESTREAM_HOST": "https://staging.test",
        "RESTREAM_MAX_RETRY_ATTEMPTS": "2",
        "RESTREAM_TOKEN_CACHE": "on",
        "SSL_CERT_FILE": certifi.where(),
        "HTTPS_PROXY": f"http://user:{LONG}@proxy.test:3128",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sources = {name: setting.source for name, setting in Client(timeout=3).describe().items()}
    assert sources["client_id"] == "environment variables RESTREAM_CLIENT_ID, RESTREAM_CLIENT_SECRET"
    assert sources["base_url"] == "environment variable RESTREAM_HOST"
    assert sources["retries"] == "environment variable RESTREAM_MAX_RETRY_ATTEMPTS"
    assert sources["token_cache"] == "environment variable RESTREAM_TOKEN_CACHE"
    assert sources["proxy"] == "environment variable HTTPS_PROXY"
    assert sources["verify"] == "environment variable SSL_CERT_FILE"
    assert sources["timeout"] == "argument"


def test_a_host_that_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.test:3128")
    assert Client("t0ken").describe()["proxy"].value == "http://proxy.test:3128"
    monkeypatch.setenv("NO_PROXY", ".restreamsolutions.com")
    assert Client("t0ken").describe()["proxy"].value is None


def test_no_secret_shows() -> None:
    clients = [
        Client(LONG, headers={"X-Key": LONG}, proxy=f"http://{LONG}:{LONG}@proxy.test"),
        Client(client_id=LONG, client_secret=LONG),
        Client(lambda: LONG),
    ]
    for client in clients:
        shown = client.describe()
        for text in (str(shown), repr(shown), json.dumps(shown.to_dict()), repr(client)):
            assert LONG[:8] not in text
            assert LONG[-5:] not in text


def test_last_characters_of_long_tokens_are_shown() -> None:
    assert Client(LONG).describe()["auth_token"].value == "***cdef"
    assert Client(LONG[:31]).describe()["auth_token"].value == "***"


def test_it_prints_as_a_table_and_reads_as_json() -> None:
    with httpx.Client() as http:
        client = Client(
            "t0ken",
            verify=ssl.create_default_context(),
            http=http,
            headers={"X-Crew": "7"},
            hooks=Hooks(on_retry=print),
            retries=RetryPolicy(max_attempts=2),
        )
    shown = client.describe()
    lines = str(shown).splitlines()
    assert len(lines) == len(shown) == len([*shown])
    assert len({line.rindex("  ") for line in lines}) == 1, "columns"
    assert any(line.split()[0] == "hooks" and "on_retry" in line for line in lines)
    assert json.loads(json.dumps(shown.to_dict()))["http"] == {"value": "httpx.Client", "source": "argument"}
