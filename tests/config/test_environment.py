"""Base URL and credentials from arguments and the environment, and invalid values."""

from __future__ import annotations

from collections.abc import Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore_sdk.client import Client
from datastore_sdk.config.client_config import ClientOptions
from datastore_sdk.config.environment import resolve_config
from datastore_sdk.config.parsers import DEFAULT_HOST, parse_base_url
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from tests.support.exhaustive import examples
from tests.support.hypothesis_settings import PROPERTY

VARIABLES = ("TALLY_AUTH_TOKEN", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET", "RESTREAM_HOST")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def identity(
    auth_token: str | None = None, client_id: str | None = None, client_secret: str | None = None
) -> tuple[Hashable, ...]:
    options = ClientOptions(auth_token=auth_token, client_id=client_id, client_secret=client_secret)
    return resolve_config(options).auth.value.identity


def host(base_url: str | None = None) -> str:
    return Client("t0ken", base_url=base_url).base_url


def test_the_default_host() -> None:
    assert host() == DEFAULT_HOST == "https://app.restreamsolutions.com"


def test_host_argument_precedes_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_HOST", "https://staging.restream.test/")
    assert host() == "https://staging.restream.test"
    assert host("https://other.restream.test") == "https://other.restream.test"
    monkeypatch.setenv("RESTREAM_HOST", "")
    assert host() == DEFAULT_HOST


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://restream.test", "https://restream.test"),
        ("https://restream.test/", "https://restream.test"),
        (" https://restream.test//\n", "https://restream.test"),
        ("https://restream.test:8443", "https://restream.test:8443"),
        ("https://10.0.0.7", "https://10.0.0.7"),
        ("http://localhost:8123", "http://localhost:8123"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://[::1]:8123", "http://[::1]:8123"),
        ("HTTPS://App.Restream.Test:443/", "https://app.restream.test"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("https://restream.test/Behind/it/", "https://restream.test/Behind/it"),
    ],
)
def test_base_urls(value: str, url: str) -> None:
    assert parse_base_url(value) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://app.restreamsolutions.com",
        "http://10.0.0.7",
        "http://0.0.0.0",
        "http://localhost.restream.test",
        "http://127.0.0.1.restream.test",
        "http://[2001:db8::1]",
        "HTTP://restream.test",
    ],
)
def test_a_token_is_sent_unencrypted_to_loopback_only(url: str) -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        host(url)
    assert Client("t0ken", base_url=url, allow_plain_http=True).base_url == url.lower(), "with allow_plain_http"


@pytest.mark.parametrize(
    "url",
    [
        "app.restreamsolutions.com",
        "localhost:8123",
        "//restream.test",
        "https://",
        "https:///pads",
        "ftp://restream.test",
        "wss://restream.test",
        "file:///etc/passwd",
        "https://[::1",
        "https://[restream]",
        "https://restream.test:port",
        "https://restream.test:99999",
        "https://restream.test:-1",
        "https://re stream.test",
        "https://restream.test\n.other.test",
        "https://restream\x00.test",
        "https://restream.test?",
        "https://restream.test#",
        "https://restream.test?x=1",
        "https://restream.test/#x",
        "https://user@restream.test",
        "https://user:password@restream.test",
        "https://:password@restream.test",
        "https://@restream.test",
        "http://127.0.0.1@restream.test",
        "http://127.0.0.1\\@restream.test",
    ],
)
def test_base_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_base_url(url)
    assert "password" not in str(caught.value)
    with pytest.raises(ConfigurationError):
        Client("t0ken", base_url=url)


@settings(PROPERTY, max_examples=examples(300))
@given(
    st.sampled_from(["", "https://", "http://", "https://["]), st.text(max_size=12), st.sampled_from(["", ":8", "]"])
)
def test_any_base_url_is_parsed_or_refused_with_one_error(scheme: str, host: str, port: str) -> None:
    try:
        url = parse_base_url(scheme + host + port)
        Client("t0ken", base_url=url)
    except ConfigurationError:
        return
    assert url.isprintable()
    assert " " not in url


def test_the_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "from-environment")
    assert identity() == ("token", "from-environment")
    assert identity("from-argument") == ("token", "from-argument")


def test_client_credentials_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "crew")
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", "s3cret")
    assert identity() == ("client", "crew", "s3cret")
    assert identity("from-argument") == ("token", "from-argument")
    assert identity(client_id="other", client_secret="other") == ("client", "other", "other")
    with pytest.raises(MissingCredentialsError, match=r"client secret \(client_secret=\) is missing"):
        identity(client_id="other")


def test_a_token_precedes_client_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "from-environment")
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "crew")
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", "s3cret")
    assert identity() == ("token", "from-environment")
    assert identity(client_id="other", client_secret="other") == ("client", "other", "other")


def test_no_credentials_at_all() -> None:
    with pytest.raises(MissingCredentialsError) as caught:
        Client()
    message = str(caught.value)
    names = ("TALLY_AUTH_TOKEN", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET", "auth_token=", "client=Client(")
    assert all(name in message for name in names)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    with pytest.raises(MissingCredentialsError):
        Client()


def test_a_token_and_client_credentials_are_refused_together() -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        identity("t0ken", "crew", "s3cret")


def test_half_of_the_client_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingCredentialsError, match="client secret"):
        identity(client_id="crew")
    with pytest.raises(MissingCredentialsError, match="client id"):
        identity(client_secret="s3cret")
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "crew")
    with pytest.raises(MissingCredentialsError, match="client secret"):
        identity()


@pytest.mark.parametrize("token", ["abc\n", " abc ", "\tabc\r\n"])
def test_white_space_around_a_token_is_left_out(token: str) -> None:
    assert identity(token) == ("token", "abc")


@pytest.mark.parametrize(
    "token", ["two\nlines", "two words", "Bearer abc", "abc\r\nX: 1", "t\u00f6ken", "\u201cabc\u201d"]
)
def test_tokens_that_no_header_can_hold(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"contains invalid characters|without the prefix") as caught:
        Client(token)
    assert token not in str(caught.value)
    monkeypatch.setenv("TALLY_AUTH_TOKEN", token)
    with pytest.raises(ConfigurationError, match=r"contains invalid characters|without the prefix"):
        Client()


@pytest.mark.parametrize("token", ["", "  ", "\n"])
def test_an_empty_token(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "from-environment")
    with pytest.raises(MissingCredentialsError, match="the token is empty"):
        Client(token)


def test_unencrypted_base_url_error_names_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_HOST", "http://restream.test")
    with pytest.raises(
        ConfigurationError, match=r"^environment variable RESTREAM_HOST: http://restream\.test would send"
    ):
        Client("t0ken")


OVER_THERE = "http://proxy.test:3128"


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_remote_proxy_is_ignored_for_this_machine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not reach the service, and would receive the token."""
    monkeypatch.setenv(name, OVER_THERE)
    client = Client("t0ken", base_url="http://127.0.0.1:8123")
    proxy = client.describe()["proxy"]
    assert (proxy.value, proxy.source) == (
        None,
        f"environment variable {name}, which is ignored for addresses of this machine",
    )
    assert client.with_options(timeout=5).describe()["proxy"].value is None
    assert Client("t0ken", base_url="http://restream.test", allow_plain_http=True).describe()["proxy"].value
    monkeypatch.setenv(name, "http://localhost:3128")
    assert Client("t0ken", base_url="http://127.0.0.1:8123").describe()["proxy"].value == "http://localhost:3128"


def test_remote_proxy_argument_for_this_machine_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="proxy on another machine would receive the token for http://127"):
        Client("t0ken", base_url="http://127.0.0.1:8123", proxy=OVER_THERE)
    here = Client("t0ken", base_url="http://127.0.0.1:8123")
    with pytest.raises(ConfigurationError, match="proxy on another machine"):
        here.with_options(proxy=OVER_THERE)
    allowed = Client("t0ken", base_url="http://127.0.0.1:8123", proxy=OVER_THERE, allow_plain_http=True)
    assert allowed.describe()["proxy"].value == OVER_THERE
    assert here.with_options(base_url="https://restream.test", proxy=OVER_THERE).describe()["proxy"].value == OVER_THERE
