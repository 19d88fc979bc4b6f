"""Options of `Client`: effects and invalid values."""

from __future__ import annotations

import asyncio
import ssl
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest

from datastore_sdk._io.timeouts import MAX_SECONDS, Timeouts
from datastore_sdk.client import Client
from datastore_sdk.client.client import USER_AGENT
from datastore_sdk.exceptions import APITimeoutError, ConfigurationError
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http.tls import build_tls_context
from restream_api.api.pads import list_pads
from tests.support.fake_server import ClientConnection
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always, send_then
from tests.support.sync_async_clients import Form

EMPTY = respond_always(http_response(200, b"[]"))


def test_timeout_number_limits_every_single_wait() -> None:
    client = Client("t0ken", timeout=5)
    assert client.timeout == Timeouts(connect=5, read=5, first_byte=5, idle=5)
    assert Client("t0ken", timeout=Timeouts(read=3)).timeout.read == 3


def test_timeout_number_is_applied(serve: Serve, client_of: ClientOf, form: Form) -> None:
    client = client_of(
        serve(respond_always(send_then(b"", ClientConnection.stall))), timeout=0.05, retries=RetryPolicy(max_attempts=1)
    )
    with pytest.raises(APITimeoutError):
        form.run(client, list_pads())


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"timeout": 0}, ValueError, "timeout must be a positive number"),
    ({"timeout": float("inf")}, ValueError, "timeout must be a positive number"),
    ({"timeout": True}, TypeError, "timeout must be a number of seconds, not bool"),
    ({"timeout": "5"}, TypeError, "timeout must be a number of seconds, not str"),
    ({"timeout": 1e10}, ValueError, "31 days"),
    ({"retries": 3}, TypeError, "retries must be a RetryPolicy"),
    ({"max_concurrent_calls": 0}, ValueError, "1 to 3, not 0"),
    ({"max_concurrent_calls": 4}, ValueError, "the service refuses more than 3 concurrent calls"),
    ({"max_concurrent_calls": True}, TypeError, "must be an int"),
    ({"max_response_bytes": 0}, ValueError, "max_response_bytes must be positive"),
    ({"max_response_bytes": "5"}, TypeError, "max_response_bytes must be an int"),
    ({"proxy": "proxy:3128"}, ConfigurationError, "http://host:port"),
    ({"proxy": "ftp://proxy:3128"}, ConfigurationError, "http://host:port"),
    ({"proxy": "http://proxy:port"}, ConfigurationError, "the proxy is not a URL"),
    ({"proxy": 7}, TypeError, "proxy must be a URL"),
    ({"verify": "nowhere.pem"}, ConfigurationError, "no file or folder nowhere.pem"),
    ({"verify": 7}, TypeError, "verify must be"),
    ({"verify": __file__}, ConfigurationError, "cannot be read as CA certificates"),
    ({"http": "http://proxy:3128"}, TypeError, "http must be an httpx.Client, not builtins.str"),
    ({"http": httpx}, TypeError, "http must be an httpx.Client, not builtins.module"),
    ({"http": httpx.AsyncClient()}, TypeError, "http must be an httpx.Client, not httpx.AsyncClient"),
    ({"async_http": httpx.Client()}, TypeError, "async_http must be an httpx.AsyncClient, not httpx.Client"),
    ({"headers": {"authorization": "Bearer x"}}, ConfigurationError, "authorization cannot be set: the token"),
    ({"headers": {"Host": "other.test"}}, ConfigurationError, "Host cannot be set"),
    ({"headers": {"User-Agent": "me"}}, ConfigurationError, "pass it as user_agent"),
    ({"headers": {"X-Crew": "7\r\nAuthorization: Bearer x"}}, ConfigurationError, "X-Crew contains characters"),
    ({"headers": {"X-Crew": "\u00fc"}}, ConfigurationError, "X-Crew contains characters"),
    ({"headers": {"X-Crew\r\nX": "7"}}, ConfigurationError, "is not a valid header name"),
    ({"headers": {"X Crew": "7"}}, ConfigurationError, "is not a valid header name"),
    ({"headers": {"X-Crew": 7}}, TypeError, "X-Crew must be a string"),
    ({"headers": ["X-Crew: 7"]}, TypeError, "headers must be a mapping"),
    ({"user_agent": "me\r\nX: 1"}, ConfigurationError, "User-Agent contains characters"),
    ({"user_agent": " "}, ConfigurationError, "user_agent is empty"),
    ({"token_cache": 7}, TypeError, "token_cache must be"),
    ({"token_cache": ""}, TypeError, "token_cache must be"),
    ({"hooks": print}, TypeError, "hooks must be Hooks"),
    ({"allow_plain_http": 1}, TypeError, "allow_plain_http must be a bool"),
    ({"base_url": 7}, TypeError, "base_url must be a string"),
]


@pytest.mark.parametrize(("options", "kind", "message"), WRONG, ids=lambda each: str(each)[:40])
def test_what_is_refused(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Client("t0ken", **options)
    with pytest.raises(kind, match=message):
        Client("t0ken").with_options(**options)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "\u0663"])
def test_attempts_of_the_environment_that_cannot_be_used(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", text)
    with pytest.raises(ConfigurationError, match="RESTREAM_MAX_RETRY_ATTEMPTS: must be a whole number from 1"):
        Client("t0ken")


def test_headers_and_user_agent(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(EMPTY)
    form.run(client_of(server, headers={"X-Crew": " 7 "}, user_agent="frac-report/1.2"), list_pads())
    form.run(client_of(server), list_pads())
    first, second = (request.headers for request in server.received)
    assert (first["x-crew"], first["user-agent"]) == ("7", f"frac-report/1.2 {USER_AGENT}")
    assert ("x-crew" in second, second["user-agent"]) == (False, USER_AGENT)


def test_verify_with_a_file_trusts_only_its_certificates(tmp_path: Path) -> None:
    for path in (certifi.where(), Path(certifi.where())):
        client = Client("t0ken", verify=path)
        context = build_tls_context(client._config.connection_settings().verify)
        assert isinstance(context, ssl.SSLContext)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.get_ca_certs()
    assert isinstance(
        build_tls_context(Client("t0ken", verify=tmp_path)._config.connection_settings().verify), ssl.SSLContext
    )


@pytest.mark.parametrize("name", ["base_url", "timeout", "timeuot", "token", "request"])
def test_nothing_can_be_set(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Client("t0ken"), name, 5)


def test_with_options_changes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = RetryPolicy(max_attempts=2)
    first = Client("t0ken", base_url="https://one.test", timeout=5, retries=policy, headers={"X-Crew": "7"})
    monkeypatch.setenv("RESTREAM_HOST", "https://other.test")
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "other")
    second = first.with_options(timeout=7, max_concurrent_calls=1)
    assert (second.base_url, second.retries, second.timeout.read) == ("https://one.test", policy, 7)
    assert second.get_access_token() == "t0ken"
    assert (first.timeout.read, first.max_concurrent_calls, second.max_concurrent_calls) == (5, 3, 1)
    assert second.describe()["headers"] == first.describe()["headers"]
    third = second.with_options(auth_token="other", headers={})
    assert third.get_access_token() == "other"
    assert third.describe()["headers"].value == {}
    with pytest.raises(TypeError, match="no option 'timeuot'; did you mean 'timeout'"):
        first.with_options(timeuot=5)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def test_with_options_shares_connections_where_it_can(serve: Serve, client_of: ClientOf) -> None:
    server = serve(EMPTY)
    first = client_of(server)
    second = first.with_options(timeout=7, headers={"X-Crew": "7"})
    for client in (first, second, second.with_options(auth_token="other"), first):
        assert client.request(list_pads()) == []
    assert server.connections == 1
    assert {request.token for request in server.received} == {"t0ken-0123456789", "other"}
    with first.with_options(verify=False) as third:
        assert third.request(list_pads()) == []
    assert server.connections == 2
    with second:
        pass
    assert first.request(list_pads()) == []
    assert server.connections == 3, "closed for both, and used again"


def test_with_options_in_event_loops_and_threads(serve: Serve, client_of: ClientOf) -> None:
    server = serve(EMPTY)
    client = client_of(server)

    async def main() -> None:
        async with client.with_options(timeout=7) as other:
            assert [*await asyncio.gather(other.arequest(list_pads()), client.arequest(list_pads()))] == [[], []]

    for _ in range(3):
        asyncio.run(main())
        assert client.with_options(retries=RetryPolicy(max_attempts=1)).request(list_pads()) == []
    assert len(server.received) == 9


def test_no_httpx_client_without_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation of `http` does not import httpx."""
    monkeypatch.delitem(sys.modules, "httpx")
    with pytest.raises(TypeError, match=r"http must be an httpx\.Client, not builtins\.object"):
        Client("t0ken", http=object())  # type: ignore[arg-type]
    assert "httpx" not in sys.modules


def test_socks_proxy_without_socksio_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'httpx\[socks\]'"):
        Client("t0ken", proxy="socks5://127.0.0.1:1080")


@pytest.mark.parametrize("name", [field.name for field in fields(Timeouts)])
def test_timeouts_above_the_maximum_are_refused(name: str) -> None:
    Timeouts(**{name: MAX_SECONDS})
    with pytest.raises(ValueError, match=name):
        Timeouts(**{name: MAX_SECONDS + 1})
