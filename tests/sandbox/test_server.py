from __future__ import annotations

import asyncio
import gc
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from datastore_sdk.sandbox import Sandbox, server
from datastore_sdk.sandbox.api import uvicorn_server as service_server
from datastore_sdk.sandbox.api.uvicorn_server import SandboxServer

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)


def test_sandbox_starts_and_stops() -> None:
    others = set(threading.enumerate())
    sandbox = Sandbox(now=NOW)
    assert "not serving" in repr(sandbox)
    sandbox.stop()
    assert sandbox.start() is sandbox
    assert sandbox.environment == {"RESTREAM_HOST": sandbox.url, "TALLY_AUTH_TOKEN": sandbox.token}
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    assert httpx.get(f"{sandbox.url}/external/thirdparty/v1/pads/", headers=headers).status_code == 200
    with pytest.raises(RuntimeError, match="already running"):
        sandbox.start()
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url)
    assert set(threading.enumerate()) <= others
    with sandbox:
        assert httpx.get(f"{sandbox.url}/external/thirdparty/v1/pads/", headers=headers).status_code == 200


def test_stop_does_not_wait_for_a_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_server, "_TICK_SECONDS", 3600.0)
    with Sandbox(now=NOW):
        pass


def test_sandboxes_are_independent() -> None:
    with Sandbox(now=NOW) as one, Sandbox(now=NOW) as two:
        assert one.url != two.url
        assert one.token != two.token
        headers = {"Authorization": f"Bearer {one.token}"}
        assert httpx.get(f"{two.url}/external/thirdparty/v1/pads/", headers=headers).status_code == 401


def test_stop_ends_streams() -> None:
    with (
        Sandbox(now=NOW) as sandbox,
        httpx.Client(headers={"Authorization": f"Bearer {sandbox.token}"}) as client,
        client.stream("GET", f"{sandbox.url}/external/thirdparty/v1/pads/668/data/") as response,
    ):
        chunks = response.iter_raw()
        assert next(chunks)
        sandbox.stop()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            list(chunks)


@pytest.mark.parametrize("turns", range(6))
def test_stop_ends_new_connections(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever turn of its event loop they come. A socket that is left open fails the test."""
    on_tick = SandboxServer.on_tick
    clients: list[socket.socket] = []

    async def meanwhile(running: SandboxServer, counter: int) -> bool:
        ends = await on_tick(running, counter)
        if ends:
            clients.append(socket.create_connection(running.servers[0].sockets[0].getsockname(), timeout=5))
            for _ in range(turns):
                await asyncio.sleep(0)
        return ends

    monkeypatch.setattr(SandboxServer, "on_tick", meanwhile)
    with Sandbox(now=NOW):
        pass
    with clients[0], suppress(ConnectionResetError):
        assert clients[0].recv(1) == b""
    gc.collect()


def test_token_is_not_shown() -> None:
    sandbox = Sandbox(token="t0ken", client_secret="s3cret")
    assert "t0ken" not in repr(sandbox)
    assert "s3cret" not in repr(sandbox)


def test_port_in_use_is_an_error() -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        sandbox = Sandbox(port=occupied.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            sandbox.start()


def test_invalid_options_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Sandbox(now=datetime(2025, 9, 18))  # noqa: DTZ001
    with pytest.raises(ValueError, match="days"):
        Sandbox(days=0)
    for port in (-1, 65_536):
        with pytest.raises(ValueError, match="port must be from 0 to 65535"):
            Sandbox(port=port)


def test_clock_runs_by_default() -> None:
    before = datetime.now(UTC).timestamp()
    assert before - 1 <= Sandbox().field.now() <= before + 5


def test_missing_extra_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(server, "import_module", missing)
    with pytest.raises(ImportError, match=r'pip install "restream-datastore-sdk\[sandbox\]"'):
        Sandbox()


def test_import_does_not_load_the_server() -> None:
    code = "import sys, datastore_sdk.sandbox; print([m for m in ('starlette', 'uvicorn') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_line_serves(number: signal.Signals) -> None:
    command = [
        sys.executable,
        "-m",
        "datastore_sdk.sandbox",
        "--port",
        "0",
        "--now",
        "2025-09-18T12:00:00",
        "--days",
        "2",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(2)]
        host, token = (line.partition("=")[2] for line in lines)
        assert [line.partition("=")[0] for line in lines] == ["export RESTREAM_HOST", "export TALLY_AUTH_TOKEN"]
        headers = {"Authorization": f"Bearer {token}"}
        response = httpx.get(f"{host}/external/thirdparty/v1/sites/981/", headers=headers)
        assert response.json()["metadata"]["last_timestamp"] == int(NOW.timestamp())
        process.send_signal(number)
        remaining, log = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, remaining) == (0, "")
    assert "Traceback" not in log


def run_alone(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datastore_sdk.sandbox", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_command_line_port_in_use_is_an_error() -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        port = occupied.getsockname()[1]
        result = run_alone("--port", str(port), "--days", "1")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"The sandbox cannot listen on 127.0.0.1, port {port}: Address already in use; "
        "choose another one with --port, or none for a free one.\n"
    )


@pytest.mark.parametrize("options", [("--host", "192.0.2.1"), ("--days", "0"), ("--port", "70000")])
def test_command_line_invalid_options_are_refused(options: tuple[str, str]) -> None:
    result = run_alone("--days", "1", *options)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()[-1]) < 200


def test_command_line_admin() -> None:
    command = [sys.executable, "-m", "datastore_sdk.sandbox", "--days", "1", "--admin"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            settings = dict(process.stdout.readline().strip().split(" ")[1].split("=", 1) for _ in range(3))
            headers = {"Authorization": f"Bearer {settings['RESTREAM_SANDBOX_ADMIN_TOKEN']}"}
            assert httpx.get(f"{settings['RESTREAM_HOST']}/__admin__/faults", headers=headers).json() == []
        finally:
            process.terminate()
            process.communicate(timeout=20)
