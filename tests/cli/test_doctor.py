"""`datastore doctor`: results, advice, and no secret in the output."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from email.utils import formatdate
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk._version import VERSION
from datastore_sdk.cli import main
from datastore_sdk.client import client_cache as default_clients
from datastore_sdk.sandbox import Sandbox, Scenario, faults
from tests.support.environment import set_environment
from tests.support.fake_server import ClientConnection, Handler, HttpRequest, Server
from tests.support.http_proxy import Proxy
from tests.support.http_responses import http_response, respond_always
from tests.support.paths import CERTIFICATE

Output = pytest.CaptureFixture[str]
Examine = Callable[..., dict[str, dict[str, Any]]]
SECRET = "s3cret-0123456789-0123456789-0123456789"
EXPIRED = Path(__file__).with_name("expired.pem")


@pytest.fixture
def examine(capsys: Output) -> Examine:
    """Run the command, check its exit status, and return its results by check."""

    def run(status: int, *arguments: str) -> dict[str, dict[str, Any]]:
        assert main(["doctor", "--json", *arguments]) == status
        out, err = capsys.readouterr()
        assert err == ""
        assert SECRET not in out
        content = json.loads(out)
        assert content["good"] is (status == 0)
        for finding in content["results"]:
            assert finding["message"]
            assert bool(finding["advice"]) is (finding["status"] in ("wrong", "warning")), finding
        return {finding["check"]: finding for finding in content["results"]}

    return run


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def to(host: str) -> None:
        monkeypatch.setenv("RESTREAM_HOST", host)
        monkeypatch.setenv("TALLY_AUTH_TOKEN", SECRET)

    return to


class TlsServer(Server):
    """A TLS server with a given certificate."""

    def __init__(self, handler: Handler, certificate: Path) -> None:
        super().__init__(handler)
        self.url = self.url.replace("http:", "https:")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            super()._serve(self._context.wrap_socket(connection, server_side=True))


def statuses(findings: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {check: finding["status"] for check, finding in findings.items()}


def service_handler(**headers: str) -> Handler:
    """Return a handler with no pads and a Date header."""
    return respond_always(http_response(200, [], **{"Date": formatdate(time.time(), usegmt=True), **headers}))


def test_working_setup_passes_all_checks(sandbox: Sandbox, examine: Examine) -> None:
    found = examine(0)
    assert statuses(found) == {
        "versions": "good",
        "extras": statuses(found)["extras"],  # the SDK may not be installed
        "settings": "good",
        "name": "good",
        "connection": "good",
        "TLS": "skipped",
        "service": "good",
        "clock": "good",
        "token": "good",
        "rooms": "good",
    }
    assert found["token"]["message"] == "is valid: 5 pads visible"
    message = found["settings"]["details"]
    assert message["base_url"] == {"value": sandbox.url, "source": "environment variable RESTREAM_HOST"}
    assert sandbox.token not in json.dumps(found)
    assert [request.status for request in sandbox.requests] == [401, 200, 101]


def test_text_output_has_settings(sandbox: Sandbox, capsys: Output) -> None:
    assert main(["doctor"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert (
        f"good     settings    {sandbox.url} (environment variable RESTREAM_HOST), credentials from environment" in out
    )
    assert f"SDK {VERSION}" in out
    assert "max_concurrent_calls" in out
    assert sandbox.token not in out
    assert main(["doctor", "--help"]) == 0
    assert main(["doctor", "--timeout", "soon"]) == 3


@pytest.mark.usefixtures("sandbox")
def test_versions_and_extras_are_listed(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["httpx>=0.27", 'pyarrow>=18.0 ; extra == "arrow"', 'not-there>=1 ; extra == "more"', "nor-this"]

    def list_requirements(_: str) -> list[str]:
        return lines

    monkeypatch.setattr("datastore_sdk.cli.checks.versions.requires", list_requirements)
    found = examine(0)
    assert found["versions"]["details"].keys() == {"httpx", "pyarrow"}
    assert found["extras"]["details"] == {"arrow": True, "more": False}

    def raise_not_found(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("datastore_sdk.cli.checks.versions.requires", raise_not_found)
    assert examine(0)["extras"]["status"] == "skipped"


def test_missing_credentials_fail(sandbox: Sandbox, examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    found = examine(1)
    assert statuses(found) | {"settings": "wrong", "connection": "good", "token": "skipped"} == statuses(found)
    assert "TALLY_AUTH_TOKEN" in found["settings"]["advice"]
    assert "rooms" not in found
    assert [request.status for request in sandbox.requests] == [401]


def test_invalid_setting_fails(lead: Callable[[str], None], examine: Examine) -> None:
    lead("ftp://somewhere")
    assert statuses(examine(1)).keys() == {"versions", "extras", "settings"}
    lead("http://127.0.0.1:1")
    assert "nonsense" in examine(1, "--profile", "nonsense")["settings"]["message"]


def test_refused_token_fails(sandbox: Sandbox, lead: Callable[[str], None], examine: Examine) -> None:
    lead(sandbox.url)
    found = examine(1)
    assert statuses(found) | {"service": "good", "token": "wrong"} == statuses(found)
    assert "get a new token" in found["token"]["advice"]
    assert "rooms" not in found


def test_wrong_client_credentials_fail(sandbox: Sandbox, examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    monkeypatch.setenv("RESTREAM_CLIENT_ID", sandbox.client_id)
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", SECRET)
    found = examine(1)
    assert found["token"]["status"] == "wrong"
    assert "RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET" in found["token"]["advice"]


@pytest.mark.parametrize(
    ("fault", "check", "advice"),
    [
        (faults.Status(503, skip=1), "token", "the service has a problem"),
        (faults.Status(403, skip=1), "token", "ask Tally for access"),
        (faults.Status(404, skip=1), "token", "is a Restream service: this host has no pads"),
        (faults.WrongJson(skip=1), "token", "is a Restream service"),
        (faults.Reset(skip=1), "token", "try again"),
        (faults.Status(400, path="*/ws/*"), "rooms", "may block WebSockets"),
        (faults.Reset(path="*/ws/*"), "rooms", "may block WebSockets"),
        (faults.Reset("request"), "service", "the service may be down"),
    ],
)
def test_error_response_has_advice(
    own_sandbox: Sandbox, examine: Examine, fault: faults.Fault, check: str, advice: str
) -> None:
    own_sandbox.faults.add(fault)
    found = examine(1)
    assert found[check]["status"] == "wrong"
    assert advice in found[check]["advice"]


def test_rate_limit_is_a_warning(own_sandbox: Sandbox, examine: Examine) -> None:
    own_sandbox.faults.add(faults.Status(429, skip=1))
    assert statuses(examine(0))["token"] == "warning"
    own_sandbox.faults.clear()
    own_sandbox.faults.add(faults.Status(429, path="*/ws/*"))
    assert statuses(examine(0))["rooms"] == "good"


def test_service_without_pads_skips_rooms(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(scenario=Scenario()) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        assert statuses(examine(0))["rooms"] == "skipped"
        default_clients.close_default_clients(sandbox.url)


def test_refused_connection_fails(lead: Callable[[str], None], examine: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    lead(f"http://127.0.0.1:{port}")
    found = examine(1)
    assert statuses(found) | {"name": "good", "connection": "wrong"} == statuses(found)
    assert f"http://127.0.0.1:{port}" in found["connection"]["advice"]
    assert "service" not in found


def test_unknown_host_name_fails(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    lead("https://restream.invalid")
    found = examine(1)
    assert "restream.invalid, cannot be resolved" in found["name"]["message"]
    assert "RESTREAM_HOST" in found["name"]["advice"]
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    found = examine(1)
    assert "the name of the proxy, proxy.invalid" in found["name"]["message"]
    assert "HTTPS_PROXY" in found["name"]["advice"]


def test_connection_timeout_fails(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: Any, **__: Any) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", late)
    lead("http://127.0.0.1:1")
    assert "within 0.5 s" in examine(1, "--timeout", "0.5")["connection"]["message"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silent_host_fails(scheme: str, lead: Callable[[str], None], examine: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lead(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
        found = examine(1, "--timeout", "0.2")
    assert found["connection"]["status"] == "good"
    assert found["service" if scheme == "http" else "TLS"]["status"] == "wrong"


def test_different_clocks_fail(lead: Callable[[str], None], examine: Examine) -> None:
    for late, status in ((5, "good"), (3600, "wrong"), (-3600, "wrong")):
        with Server(service_handler(Date=formatdate(time.time() - late, usegmt=True))) as server:
            lead(server.url)
            found = examine(0 if status == "good" else 1)
            assert server.received[0].token is None, "who the service is, is not known yet"
        assert found["clock"]["status"] == status
        assert ("ahead of" if late > 0 else "behind") in found["clock"]["message"]


def test_response_without_date_skips_the_clock(lead: Callable[[str], None], examine: Examine) -> None:
    with Server(service_handler(Date="noon")) as server:
        lead(server.url)
        assert statuses(examine(0))["clock"] == "skipped"


def test_other_service_fails(lead: Callable[[str], None], examine: Examine) -> None:
    with Server(respond_always(http_response(200, b"<html>welcome</html>"))) as server:
        lead(server.url)
        assert "is a Restream service" in examine(1)["token"]["advice"]


def test_certificate_is_checked(lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    with TlsServer(service_handler(), CERTIFICATE) as server:
        lead(server.url)
        found = examine(1)
        assert "self-signed" in found["TLS"]["message"]
        assert "SSL_CERT_FILE" in found["TLS"]["advice"]
        assert "service" not in found, "the token goes nowhere"
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        found = examine(0)
        assert found["TLS"]["details"].keys() == {"version", "cipher", "notBefore", "notAfter"}
    with TlsServer(service_handler(), EXPIRED) as server:
        lead(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(EXPIRED))
        found = examine(1)
        assert "expired" in found["TLS"]["message"]
        assert "must renew it" in found["TLS"]["advice"]


def test_unverified_certificate_is_a_warning(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    profile = tmp_path / "restream" / "config.toml"
    profile.parent.mkdir()
    profile.write_text("[default]\nverify = false\n")
    with TlsServer(service_handler(), EXPIRED) as server:
        lead(server.url)
        found = examine(0)["TLS"]
    assert (found["status"], found["message"]) == ("warning", "the certificate is not verified")


def test_host_without_tls_fails(lead: Callable[[str], None], examine: Examine) -> None:
    def hello(line: ClientConnection, _: HttpRequest) -> None:
        line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        line.close()

    with Server(hello) as server:
        lead(server.url.replace("http:", "https:"))
        found = examine(1, "--timeout", "0.5")
    assert found["TLS"]["status"] == "wrong"


def test_unreachable_proxy_fails(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead("http://localhost:1")
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{SECRET}@127.0.0.1:1")
    found = examine(1)["connection"]
    assert found["message"].startswith("no connection to the proxy 127.0.0.1, port 1: ")
    assert "HTTPS_PROXY" in found["advice"]


def test_readable_profile_is_a_warning(
    sandbox: Sandbox, examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    profile = tmp_path / "restream" / "config.toml"
    profile.parent.mkdir()
    profile.write_text(f'[default]\nauth_token = "{sandbox.token}"\n')
    profile.chmod(0o644)
    found = examine(0)
    assert statuses(found) | {"settings": "good", "profile": "warning", "token": "good"} == statuses(found)
    assert "chmod 600" in found["profile"]["message"]


@pytest.mark.usefixtures("sandbox")
def test_multiline_message_stays_together(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("wrong    settings"))
    assert lines[first].endswith("Do one of these:")
    assert lines[first + 1].startswith(f"{'':21}  - set the environment variable TALLY_AUTH_TOKEN")


def test_checks_pass_through_a_proxy(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(service_handler()) as proxy:
        lead("http://localhost:1")
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        found = examine(0)
        assert all(request.target.startswith("http://localhost:1/") for request in proxy.received)
    assert statuses(found) | {"connection": "good", "TLS": "skipped", "token": "good"} == statuses(found)
    assert "not encrypted" in found["TLS"]["message"]


@pytest.fixture
def tunnels() -> Iterator[Proxy]:
    with closing(Proxy()) as proxy:
        yield proxy


def test_certificate_is_checked_through_the_proxy(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch, tunnels: Proxy
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@127.0.0.1:{tunnels.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with TlsServer(service_handler(), CERTIFICATE) as server:
        lead(server.url)
        found = examine(0)
    assert statuses(found) | {"connection": "good", "TLS": "good", "token": "good"} == statuses(found)
    assert all("Proxy-Authorization: Basic" in requested for requested in tunnels.requests)
    assert not any("Bearer" in requested for requested in tunnels.requests)


def test_intercepting_proxy_is_explained(
    lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch, tunnels: Proxy
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{tunnels.port}")
    with TlsServer(service_handler(), CERTIFICATE) as server:
        lead(server.url)
        found = examine(1)
        assert server.received == [], "the token goes nowhere"
    assert "is not trusted" in found["TLS"]["message"]
    assert "intercepting proxy" in found["TLS"]["advice"]
    assert "SSL_CERT_FILE" in found["TLS"]["advice"]


@pytest.mark.parametrize(
    ("status", "advice"), [(407, "http://user:password@host:port"), (403, "ask its administrator")]
)
def test_proxy_that_refuses_the_tunnel_fails(
    status: int, advice: str, lead: Callable[[str], None], examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(respond_always(http_response(status, b""))) as proxy:
        lead("https://restream.invalid")
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        found = examine(1)["TLS"]
    assert f"{status} Reason" in found["message"]
    assert advice in found["advice"]
