"""Networks as they are: proxies, private authorities, many tokens, odd responses."""

from __future__ import annotations

import gzip
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest

from datastore_sdk import Client, RetryPolicy
from datastore_sdk.client import client_cache as clients
from datastore_sdk.client import client_for
from datastore_sdk.exceptions import (
    APIConnectionError,
    ConfigurationError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
)
from datastore_sdk.transport.http.tls import build_tls_context
from restream_api.api.pads import list_pads
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import head, http_response, respond_always, respond_in_turn
from tests.support.paths import CERTIFICATE
from tests.support.socks_proxy import SocksProxy
from tests.support.sync_async_clients import Form
from tests.support.tls_server import TlsServer

SECRET = "s3cret-4711"
HTTPS = "https://restream.test"


def proxy_of(base_url: str = HTTPS) -> str | None:
    proxy: str | None = Client(TOKEN, base_url=base_url, allow_plain_http=True).describe()["proxy"].value
    return proxy


# Proxies


@pytest.mark.parametrize("sign", ["#", "/", "?", "@x#", "x/y@z/"])
def test_proxy_password_with_unescaped_sign_is_refused(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise another host would get the request, and a part of the password would be shown."""
    url = f"http://user:4711{sign}{SECRET}@127.0.0.1:3128"
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(ConfigurationError, match=r"HTTPS_PROXY: .*write %23 for #") as caught:
        Client(TOKEN)
    assert "4711" not in str(caught.value)
    with pytest.raises(ConfigurationError, match=r"write %23 for #"):
        Client(TOKEN, proxy=url)


@pytest.mark.parametrize("password", ["p@ss:w%rd", "p%40ss%3Aw%25rd"])
def test_proxy_password_goes_out_as_it_is_meant(password: str, serve: Serve, client_of: ClientOf) -> None:
    proxy = serve(respond_always(http_response(200, [])))
    client = client_of(
        proxy,
        base_url="http://127.0.0.1:9",
        proxy=proxy.url.replace("//", f"//user:{password}@"),
        retries=RetryPolicy(),
    )
    assert client.request(list_pads()) == []
    sent = httpx.BasicAuth("user", "p@ss:w%rd")
    expected = next(sent.auth_flow(httpx.Request("GET", HTTPS))).headers["authorization"]
    assert proxy.received[0].headers["proxy-authorization"] == expected


@pytest.mark.parametrize(
    ("no_proxy", "host", "goes_through"),
    [
        ("10.0.0.0/8", "10.1.2.3", False),
        ("10.0.0.0/8", "11.1.2.3", True),
        ("10.1.2.3", "10.1.2.3", False),
        ("example.com, 10.0.0.0/8", "10.1.2.3", False),
        ("fe80::/10", "[fe80::1]", False),
        ("::1", "[::1]", False),
        ("[::1]", "[::1]", False),
        ("::2", "[::1]", True),
        ("restream.test", "restream.test", False),
        ("10.0.0.0/8,not/a/network", "restream.test", True),
    ],
)
def test_no_proxy_names_networks_and_addresses(
    no_proxy: str, host: str, goes_through: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (proxy_of(f"https://{host}") is not None) == goes_through


def test_all_proxy_of_a_desktop_names_the_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Desktops write socks:// there, beside the proxy that is meant for https."""
    monkeypatch.setenv("ALL_PROXY", "socks://proxy.test:1080")
    assert proxy_of() == "socks5://proxy.test:1080"
    monkeypatch.setattr("importlib.util.find_spec", _not_found)
    with pytest.raises(ConfigurationError, match=r"ALL_PROXY: .*package socksio.*pip install"):
        proxy_of()
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    assert proxy_of() == "http://proxy.test:3128"


def _not_found(_: str) -> None:
    """Find no package."""


@pytest.fixture
def socks(nothing_left: None) -> Iterator[SocksProxy]:  # noqa: ARG001 - looks for leaks afterwards
    with SocksProxy() as proxy:
        yield proxy


def test_call_through_a_socks_proxy(serve: Serve, client_of: ClientOf, form: Form, socks: SocksProxy) -> None:
    server = serve(respond_always(http_response(200, [])))
    with client_of(server, proxy=f"socks5://127.0.0.1:{socks.port}") as client:
        assert form.run(client, list_pads()) == []
    assert socks.requested_ports == [int(server.url.rpartition(":")[2])]


# Authorities


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/opt/gone/cacert.pem", "there is no file"),
        (os.devnull, "not a file"),
        ("{folder}/empty.pem", "cannot be read"),
    ],
)
def test_wrong_file_of_authorities_is_named(
    variable: str, path: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the client is made, not with the first call."""
    (tmp_path / "empty.pem").touch()
    named = path.format(folder=tmp_path)
    monkeypatch.setenv(variable, named)
    with pytest.raises(ConfigurationError, match=f"environment variable {variable}: .*{problem}") as caught:
        Client(TOKEN, base_url=HTTPS)
    assert named in str(caught.value)
    Client(TOKEN, base_url="http://127.0.0.1:9")  # no proxy, so it is not needed


def test_wrong_folder_of_authorities_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "gone"))
    with pytest.raises(ConfigurationError, match="environment variable SSL_CERT_DIR: there is no folder"):
        Client(TOKEN, base_url=HTTPS)
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([str(tmp_path / "gone"), str(tmp_path)]))
    Client(TOKEN, base_url=HTTPS)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"environment variable SSL_CERT_FILE: .* is not a file"):
        Client(TOKEN, base_url=HTTPS)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_authorities_of_the_environment_are_trusted(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, str(CERTIFICATE))
    assert Client(TOKEN, base_url=HTTPS).describe()["verify"].source == f"environment variable {variable}"
    assert len(build_tls_context(verify=True).get_ca_certs()) == 1
    assert len(build_tls_context(Path(certifi.where())).get_ca_certs()) > 1


def test_folder_that_requests_reads_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    Client(TOKEN, base_url=HTTPS)
    assert build_tls_context(verify=True).get_ca_certs() == []


def test_clients_share_a_context_until_the_file_changes(tmp_path: Path) -> None:
    """Each takes long to make, and 0.8 MB."""
    file = tmp_path / "authorities.pem"
    file.write_bytes(CERTIFICATE.read_bytes())
    first = build_tls_context(file)
    assert build_tls_context(file) is first
    os.utime(file, ns=(1, 1))
    assert build_tls_context(file) is not first


def test_certificate_that_is_not_trusted_is_final(client_of: ClientOf, form: Form) -> None:
    with TlsServer(respond_always(http_response(200, []))) as server:
        with pytest.raises(APIConnectionError, match="certificate verify failed") as caught:
            form.run(client_of(server, verify=ssl.create_default_context()), list_pads())
        assert caught.value.permanent
        assert server.connections == 1


# Many tokens


def test_registry_of_clients_is_bounded_and_closes_what_it_drops(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(respond_always(http_response(200, [])))
    monkeypatch.setenv("RESTREAM_HOST", server.url)
    monkeypatch.setattr(clients, "_defaults", {})
    first = client_for("token-first")
    assert first.request(list_pads()) == []
    for number in range(clients.MAX_CLIENTS):
        client_for(f"token-{number}")
        assert client_for("token-first") is first or number == clients.MAX_CLIENTS - 1
    for number in range(clients.MAX_CLIENTS):
        client_for(f"token-other-{number}")
    assert len(clients._defaults) == clients.MAX_CLIENTS
    assert first not in clients._defaults.values()
    server.wait_for_connections()  # its connection was closed
    assert first.request(list_pads()) == [], "the caller that holds it can use it"
    first.close()


# Odd responses


@pytest.mark.parametrize(
    "encoding", ["", "identity", "utf-8", "none", "identity, gzip", "GZIP", "x-gzip", "gzip, utf-8"]
)
def test_content_encoding_that_others_read_is_read(
    encoding: str, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    body = gzip.compress(b"[]") if "gzip" in encoding.lower() else b"[]"
    server = serve(respond_always(head(200, content_encoding=encoding, content_length=len(body)) + body))
    assert form.run(client_of(server), list_pads()) == []


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_content_encoding_that_cannot_be_read_is_named(encoding: str, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(200, b"\x1b\x02", content_encoding=encoding)))
    with pytest.raises(ResponseValidationError, match=f"the encoding '{encoding}', which was not requested"):
        client_of(server).request(list_pads())


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
def test_fraction_of_a_second_to_retry_after_counts(
    status: int, kind: type[RateLimitError | ServerError], serve: Serve, client_of: ClientOf
) -> None:
    server = serve(respond_in_turn(http_response(status, b"", retry_after="0.5")))
    with pytest.raises(kind, match=r"again in 0\.5 s") as caught:
        client_of(server, retries=RetryPolicy(max_attempts=1)).request(list_pads())
    assert caught.value.retry_after == 0.5


# Clients of httpx


def test_closed_httpx_client_is_named(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(200, [])))
    mine = httpx.Client()
    client = client_of(server, http=mine)
    assert client.request(list_pads()) == []
    mine.close()
    with pytest.raises(ConfigurationError, match="passed as http= is closed"):
        client.request(list_pads())
    with pytest.raises(ConfigurationError, match="passed as http= is closed"):
        client_of(server, http=mine)


OVERRIDDEN_SETTINGS: dict[str, dict[str, Any]] = {
    "has the base_url http://127.0.0.1:9, but": {"base_url": "http://127.0.0.1:9"},
    "has auth, which the SDK does not use": {"auth": ("me", SECRET)},
}


@pytest.mark.parametrize(("message", "settings"), OVERRIDDEN_SETTINGS.items(), ids=["base_url", "auth"])
def test_httpx_client_with_overridden_settings_is_refused(
    message: str, settings: dict[str, Any], serve: Serve, client_of: ClientOf
) -> None:
    server = serve(respond_always(http_response(200, [])))
    with httpx.Client(**settings) as mine, pytest.raises(ConfigurationError, match=message) as caught:
        client_of(server, http=mine)
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigurationError, match=message):
        client_of(server, async_http=httpx.AsyncClient(**settings))
    assert not server.received


def test_httpx_client_with_the_same_base_url_is_accepted(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(200, [])))
    with httpx.Client(base_url=f"{server.url}/") as mine:
        assert client_of(server, http=mine).request(list_pads()) == []


def test_httpx_client_that_follows_redirects_warns(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(302, location="http://127.0.0.1:9/")))
    with httpx.Client(follow_redirects=True) as mine:
        with pytest.warns(UserWarning, match="passed as http= has follow_redirects=True"):
            client = client_of(server, http=mine)
        with pytest.raises(ResponseValidationError, match="returned 302"):
            client.request(list_pads())
    assert {request.token for request in server.received} == {TOKEN}
