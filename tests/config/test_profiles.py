"""Profiles: settings in a TOML file, under a name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.client import Client, client_for
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.support.paths import CERTIFICATE

Write = Callable[..., Path]

SECRET = "s3cret-0123456789"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "restream" / "config.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def test_no_file_is_needed(write: Write) -> None:
    assert write.__name__  # the folder is there, the file is not
    with pytest.raises(MissingCredentialsError, match=r"config\.toml"):
        Client()


def test_the_default_profile(write: Write) -> None:
    path = write(f'[default]\nauth_token = "{SECRET}"\nbase_url = "https://staging.test"\n')
    client = Client()
    assert client.base_url == "https://staging.test"
    assert client.get_access_token() == SECRET
    assert client.describe()["base_url"].source == f"profile default in {path}"


def test_all_keys(write: Write, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(CERTIFICATE.read_bytes())
    path = write(
        f"""
        [field]
        client_id = "crew"
        client_secret = "{SECRET}"
        base_url = "http://staging.test"
        allow_plain_http = true
        timeout = {{ read = 5, total = 60 }}
        retries = {{ max_attempts = 2, max_wait = 1 }}
        max_concurrent_calls = 2
        max_response_bytes = 1_000_000
        proxy = "http://user:{SECRET}@proxy.test:3128"
        verify = "{bundle}"
        headers = {{ X-Crew = "{SECRET}" }}
        user_agent = "report/1.2"
        token_cache = true
        """
    )
    client = Client(profile="field")
    assert client.timeout == Timeouts(read=5, total=60)
    assert client.retries == RetryPolicy(max_attempts=2, max_wait=1)
    assert client.max_concurrent_calls == 2
    shown = client.describe()
    assert shown["max_response_bytes"].value == 1_000_000
    assert (shown["profile"].value, shown["profile"].source) == (f"field in {path}", "argument")
    assert shown["proxy"].value == "http://***@proxy.test:3128"
    assert shown["verify"].value == str(bundle)
    assert shown["headers"].value == {"X-Crew": "***"}
    assert SECRET not in f"{shown} {shown.to_dict()}"


def test_arguments_and_the_environment_go_first(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f'[default]\nauth_token = "{SECRET}"\nbase_url = "https://profile.test"\nretries.max_attempts = 2\n')
    monkeypatch.setenv("RESTREAM_HOST", "https://environment.test")
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "from-environment")
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "7")
    client = Client()
    assert (client.base_url, client.retries.max_attempts) == ("https://environment.test", 7)
    assert client.get_access_token() == "from-environment"
    client = Client("mine", base_url="https://argument.test", retries=RetryPolicy(max_attempts=1))
    assert (client.base_url, client.retries.max_attempts) == ("https://argument.test", 1)
    assert client.get_access_token() == "mine"


def test_the_environment_changes_only_the_attempts_of_a_policy(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(f'[default]\nauth_token = "{SECRET}"\nretries = {{ max_attempts = 2, initial_wait = 0.1 }}\n')
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "7")
    client = Client()
    assert client.retries == RetryPolicy(max_attempts=7, initial_wait=0.1)
    source = f"environment variable RESTREAM_MAX_RETRY_ATTEMPTS, profile default in {path}"
    assert client.describe()["retries"].source == source


def test_the_environment_names_the_profile_and_the_argument_wins(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write('[default]\nauth_token = "d"\n[field]\nauth_token = "f"\n[office]\nauth_token = "o"\n')
    assert Client().get_access_token() == "d"
    monkeypatch.setenv("RESTREAM_PROFILE", "field")
    assert Client().get_access_token() == "f"
    assert client_for().get_access_token() == "f"
    assert Client(profile="office").get_access_token() == "o"


@pytest.mark.parametrize("variable", [True, False])
def test_a_profile_that_is_not_there(variable: bool, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def client() -> Client:
        if variable:
            monkeypatch.setenv("RESTREAM_PROFILE", "feild")
        return Client("t0ken", profile=None if variable else "feild")

    with pytest.raises(ConfigurationError, match=r"no profile 'feild': there is no .*config\.toml"):
        client()
    write("[default]\n[field]\n")
    with pytest.raises(ConfigurationError, match=r"has \[default\], \[field\]; did you mean 'field'\?"):
        client()


def test_halves_of_different_sources_are_never_put_together(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f'[default]\nclient_id = "crew"\nclient_secret = "{SECRET}"\n')
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "other")
    with pytest.raises(MissingCredentialsError, match=r"RESTREAM_CLIENT_SECRET.* comes from the environment"):
        Client()
    monkeypatch.delenv("RESTREAM_CLIENT_ID")
    write(f'[default]\nclient_secret = "{SECRET}"\n')
    with pytest.raises(
        MissingCredentialsError, match=r"client id \(client_id\) is missing.* profile default in"
    ) as caught:
        Client()
    assert SECRET not in str(caught.value)


BROKEN = {
    f'[default]\nauth_token = "{SECRET}\n': r"not TOML: .*line 2",
    f"[default]\nauth_token = {SECRET}": r"not TOML: .*line 2",
    f'auth_token = "{SECRET}"': r"auth_token is outside of a profile; write \[default\] above it",
    f'[default]\nauth_tokn = "{SECRET}"': r"\[default\] has an unknown key 'auth_tokn'; did you mean 'auth_token'",
    f'[other]\nbase_ulr = "{SECRET}"': r"\[other\] has an unknown key 'base_ulr'; did you mean 'base_url'",
    f'[default]\nauth_token = "two words {SECRET}"': "profile default in .*contains invalid characters",
    '[default]\nauth_token = ""': "profile default in .*the token is empty",
    f'[default]\nauth_token = ["{SECRET}"]': "profile default in .*must be a string, not list",
    f'[default]\nauth_token = "a"\nclient_id = "{SECRET}"': "profile default in .*not both",
    '[default]\nbase_url = "nowhere"': "profile default in .*is not a base URL",
    "[default]\nbase_url = 7": "profile default in .*must be a string, not int",
    "[default]\ntimeout = -1": "profile default in .*positive number of seconds",
    "[default]\ntimeout = { raed = 1 }": "profile default in .*no 'raed' in Timeouts; did you mean 'read'",
    "[default]\nretries = 3": "profile default in .*must be a RetryPolicy",
    "[default]\nretries.max_attempts = 0": "profile default in .*max_attempts must be",
    "[default]\nmax_concurrent_calls = 4": "profile default in .*1 to 3, not 4",
    f'[default]\nproxy = "{SECRET}"': "profile default in .*the proxy",
    f'[default]\nheaders.Authorization = "{SECRET}"': "profile default in .*Authorization cannot be set",
    '[default]\nverify = "nowhere.pem"': "profile default in .*no file or folder nowhere.pem",
    '[default]\nallow_plain_http = "yes"': "profile default in .*must be a bool",
    "[default]\ntoken_cache = 7": "profile default in .*path of a folder",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items(), ids=map(str, range(len(BROKEN))))
def test_files_that_cannot_be_used(text: str, message: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(text)
    if "auth_token" not in text:
        monkeypatch.setenv("TALLY_AUTH_TOKEN", "t0ken")
    with pytest.raises(ConfigurationError, match=message) as caught:
        Client()
    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_file(write: Write) -> None:
    """Windows' editors write one."""
    write('\ufeff[default]\nauth_token = "number-two"\n')
    assert client_for().get_access_token() == "number-two"


def test_bytes_that_are_no_text(write: Write) -> None:
    write("").write_bytes(b"[default]\nauth_token = \xff")
    with pytest.raises(ConfigurationError, match="not encoded as UTF-8"):
        Client("t0ken")


@pytest.mark.skipif(os.name == "nt", reason="modes mean nothing there")
def test_a_file_with_secrets_that_others_can_read(write: Write) -> None:
    write(f'[default]\nauth_token = "{SECRET}"\n', 0o640)
    with pytest.warns(UserWarning, match=r"other users can read it; run: chmod 600 .*config\.toml"):
        Client()
    Client()  # that was said once
    write('[default]\nbase_url = "https://staging.test"\n', 0o644)
    Client("t0ken")


def test_a_file_that_changes_is_read_again(write: Write) -> None:
    write('[default]\nauth_token = "one"\n')
    first = client_for()
    assert client_for() is first
    write('[default]\nauth_token = "number-two"\n')
    assert client_for().get_access_token() == "number-two"
    assert first.get_access_token() == "one", "a client never changes"


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert Client("t0ken").base_url
