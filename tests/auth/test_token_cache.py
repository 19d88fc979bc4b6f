"""A token on disk that processes share."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.file_lock import FileLock
from datastore_sdk.auth import token_cache
from datastore_sdk.auth.token_cache import CachedToken, TokenCache
from datastore_sdk.client import Client
from datastore_sdk.exceptions import AuthenticationError
from datastore_sdk.sandbox import Sandbox
from restream_api.api.pads import list_pads
from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always
from tests.support.jumping_clock import JumpingClock
from tests.support.sync_async_clients import Form
from tests.support.threads import run_in_threads

LIFETIME = 3600.0
POSIX = pytest.mark.skipif(os.name == "nt", reason="modes mean nothing there")


class Issuer:
    """Issues token after token and refuses those that were revoked."""

    def __init__(self) -> None:
        self.issued = 0
        self.lasts = LIFETIME
        self.good: set[str] = set()

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        if request.path == "/o/token/":
            self.issued += 1
            token = f"issued-{self.issued}"
            self.good.add(token)
            line.send(http_response(200, {"access_token": token, "expires_in": self.lasts, "token_type": "Bearer"}))
        else:
            line.send(http_response(200, b"[]") if request.token in self.good else http_response(401))


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def server(issuer: Issuer, serve: Serve) -> Server:
    return serve(issuer)


class Elsewhere(JumpingClock):
    """The clock of another process: clients with it share nothing in memory."""


@pytest.fixture
def process(server: Server, client_of: ClientOf, tmp_path: Path, clock: JumpingClock) -> Any:
    """Makes clients that share nothing but the disk."""

    def make(**options: Any) -> Client:
        elsewhere = Elsewhere()
        elsewhere.time = clock.time
        options = {"client_id": "crew", "client_secret": "s3cret", "token_cache": tmp_path / "cache", **options}
        return client_of(server, None, **{"clock": elsewhere, **options})

    return make


def file_in(folder: Path) -> Path:
    (path,) = folder.glob("cache/*.json")
    return path


def test_the_next_process_finds_it(process: Any, issuer: Issuer, form: Form) -> None:
    for _ in range(3):
        assert form.run(process(), list_pads()) == []
    assert issuer.issued == 1


def test_without_a_cache_nothing_is_written(process: Any, issuer: Issuer, tmp_path: Path) -> None:
    for _ in range(2):
        process(token_cache=None).request(list_pads())
    assert issuer.issued == 2
    assert [*tmp_path.iterdir()] == []


def test_the_usual_folder(process: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    process(token_cache=True).request(list_pads())
    monkeypatch.setenv("RESTREAM_TOKEN_CACHE", str(tmp_path / "other"))
    process(token_cache=None).request(list_pads())
    assert len([*(tmp_path / "home" / "restream").glob("*.json")]) == 1
    assert len([*(tmp_path / "other").glob("*.json")]) == 1


@POSIX
def test_other_users_cannot_read_it(process: Any, tmp_path: Path) -> None:
    process().request(list_pads())
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "cache").iterdir()} == {0o600}
    assert "s3cret" not in file_in(tmp_path).read_text()
    assert not {"crew", "127.0.0.1"} & {*file_in(tmp_path).name.split("-")}


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_closed(
    mode: int, process: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They could replace the token, or the lock."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    process().request(list_pads())
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert "its mode is 0700 now" in caplog.text


@POSIX
@pytest.mark.parametrize("mode", [0o1777, 0o755, 0o750])
def test_other_folders_stay_as_they_are(mode: int, process: Any, tmp_path: Path) -> None:
    """In a sticky folder, such as /tmp, nobody replaces another user's files."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    process().request(list_pads())
    assert (tmp_path / "cache").stat().st_mode & 0o7777 == mode
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "cache").iterdir()} == {0o600}


def test_hosts_and_clients_have_their_own(process: Any, tmp_path: Path) -> None:
    process().request(list_pads())
    process(client_id="other").request(list_pads())
    assert len([*tmp_path.glob("cache/*.json")]) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"access_token": "two words", "issued_at": 0, "expires_at": 9e12}',
        b'{"access_token": "a\\r\\nX: 1", "issued_at": 0, "expires_at": 9e12}',
        b'{"access_token": 7, "issued_at": 0, "expires_at": 9e12}',
        b'{"access_token": "abc", "issued_at": 0, "expires_at": "soon"}',
        b"x" * 100_000,
    ],
)
def test_a_damaged_file_is_written_anew(content: bytes, process: Any, issuer: Issuer, tmp_path: Path) -> None:
    process().request(list_pads())
    file_in(tmp_path).write_bytes(content)
    process().request(list_pads())
    assert issuer.issued == 2
    assert json.loads(file_in(tmp_path).read_bytes())["access_token"] == "issued-2"
    assert len([*tmp_path.glob("cache/*")]) == 2, "the token and the lock, nothing half-written"


@POSIX
def test_a_file_that_others_could_have_written_is_not_believed(process: Any, issuer: Issuer, tmp_path: Path) -> None:
    process().request(list_pads())
    file_in(tmp_path).chmod(0o666)
    process().request(list_pads())
    assert issuer.issued == 2
    path = file_in(tmp_path)
    target = path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(target)
    process().request(list_pads())
    assert issuer.issued == 3


@pytest.mark.parametrize(
    ("later", "issued"), [(0, 1), (LIFETIME - 11, 1), (LIFETIME - 9, 2), (1e9, 2), (-30, 1), (-3600, 2)]
)
def test_expiry_and_clocks_that_jump(
    later: float, issued: int, process: Any, issuer: Issuer, clock: JumpingClock
) -> None:
    process().request(list_pads())
    clock.time += later
    process().request(list_pads())
    assert issuer.issued == issued


def test_what_is_left_counts_by_the_clock_that_does_not_jump(process: Any, issuer: Issuer, clock: JumpingClock) -> None:
    process().request(list_pads())
    clock.time += LIFETIME / 2
    client = process()
    client.request(list_pads())
    client._clock.time += LIFETIME / 2 - 11
    client.request(list_pads())
    assert issuer.issued == 1
    client._clock.time += 2
    client.request(list_pads())
    assert issuer.issued == 2


def test_a_refused_token_is_renewed_by_one_for_all(process: Any, issuer: Issuer, form: Form) -> None:
    clients = [process() for _ in range(3)]
    for client in clients:
        form.run(client, list_pads())
    issuer.good.clear()
    for client in clients:
        form.run(client, list_pads())
    assert issuer.issued == 2


def test_a_refused_token_goes_even_if_no_other_comes(process: Any, server: Server, tmp_path: Path) -> None:
    client = process()
    client.request(list_pads())
    server.handler = respond_always(http_response(401))
    with pytest.raises(AuthenticationError):
        client.request(list_pads())
    assert [*tmp_path.glob("cache/*.json")] == []


def test_only_the_refused_token_goes(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, "https://one.test", "crew")
    cached = CachedToken("two", 0.0, 1e12)
    cache.write(cached)
    cache.discard("one")
    cache.discard(None)
    assert cache.read() == cached
    cache.discard("two")
    assert cache.read() is None


def test_a_folder_that_cannot_be_used(
    process: Any, issuer: Issuer, tmp_path: Path, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with caplog.at_level(logging.WARNING):
        assert form.run(process(), list_pads()) == []
    assert issuer.issued == 1
    assert f"cannot use the token cache in {tmp_path / 'cache'}" in caplog.text


def test_a_process_that_never_comes_back_is_not_waited_for(
    process: Any, issuer: Issuer, tmp_path: Path, form: Form
) -> None:
    client = process()
    form.run(client, list_pads())
    lock = FileLock(next(tmp_path.glob("cache/*.lock")))
    file_in(tmp_path).unlink()
    assert lock.acquire()
    try:
        other = process()
        assert form.run(other, list_pads()) == []
    finally:
        lock.release()
    assert issuer.issued == 2
    assert token_cache.MAX_LOCK_WAIT_SECONDS <= sum(other._clock.sleeps) < 2 * token_cache.MAX_LOCK_WAIT_SECONDS


def test_a_lock_is_held_once_and_given_back(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire()
    assert not two.acquire()
    two.release()  # it is not its own
    assert not two.acquire()
    one.release()
    assert two.acquire()
    two.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_does_not_keep_its_parents_lock(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from datastore_sdk._io.file_lock import FileLock
path = Path(sys.argv[1])
lock = FileLock(path)
assert lock.acquire()
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    assert not FileLock(path).acquire()
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os._exit(0)
os.read(ready[0], 1)
lock.release()
assert FileLock(path).acquire(), "though the child lives"
os.write(go[1], b"x")
assert os.waitpid(child, 0)[1] == 0
"""
    run(program, str(tmp_path / "lock"))


def run(program: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=TIMEOUT_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_processes_wait_while_one_requests_a_token(process: Any, issuer: Issuer, server: Server) -> None:
    def slowly(line: ClientConnection, request: HttpRequest) -> None:
        if request.path == "/o/token/":
            line.stall(0.2)
        issuer(line, request)

    server.handler = slowly
    clients = [process(clock=Clock()) for _ in range(8)]
    assert run_in_threads([lambda client=client: client.request(list_pads()) for client in clients]) == [[]] * 8  # type: ignore[misc]
    assert issuer.issued == 1


def test_cancelled_token_request_lets_others_request(
    process: Any, issuer: Issuer, server: Server, tmp_path: Path
) -> None:
    requested = threading.Event()

    def silent(line: ClientConnection, _: HttpRequest) -> None:
        requested.set()
        line.stall()

    server.handler = silent

    async def main() -> None:
        async with process() as client:
            call = asyncio.create_task(client.arequest(list_pads()))
            assert await asyncio.to_thread(requested.wait, TIMEOUT_SECONDS)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(main())
    lock = FileLock(next(tmp_path.glob("cache/*.lock")))
    assert lock.acquire()
    lock.release()
    server.handler = issuer
    process().request(list_pads())
    assert issuer.issued == 1


def test_processes_request_one_token(tmp_path: Path) -> None:
    program = "from datastore_sdk import Pad; print(len(Pad.get_models()))"
    with Sandbox(days=1, concurrency=6) as sandbox:  # processes do not share a limit on calls
        environment = {
            "RESTREAM_HOST": sandbox.url,
            "RESTREAM_CLIENT_ID": sandbox.client_id,
            "RESTREAM_CLIENT_SECRET": sandbox.client_secret,
            "RESTREAM_TOKEN_CACHE": str(tmp_path),
        }
        assert run_in_threads([lambda: run(program, **environment)] * 2) == ["5\n"] * 2
        paths = [request.path for request in sandbox.requests]
    assert paths.count("/o/token/") == 1
    assert len(paths) == 3


def test_a_token_that_does_not_last_is_shared_too(issuer: Issuer, process: Any, clock: JumpingClock) -> None:
    issuer.lasts = 8.0
    for _ in range(5):
        process().request(list_pads())
    assert issuer.issued == 1
    clock.time += 5
    for _ in range(5):
        process().request(list_pads())
    assert issuer.issued == 2
