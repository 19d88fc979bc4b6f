"""The service's limit of calls, kept by processes together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from datastore_sdk import Client
from datastore_sdk._io.clock import Clock
from datastore_sdk.exceptions import ConfigurationError, RateLimitError
from datastore_sdk.sandbox import Sandbox, faults
from datastore_sdk.transport.executor.concurrency import ConcurrencyLimits
from datastore_sdk.transport.executor.process_limits import ProcessLimits, ProcessSemaphore
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.websocket.handshake import build_room_operation, enter_room
from restream_api.api.pads import list_pads
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always

Start = Callable[..., "subprocess.Popen[str]"]
BEGINNING = """
import itertools, sys
from datastore_sdk import Client, Site
from restream_api.api.pads import list_pads

client = Client()

def stop():
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RESTREAM_SHARED_LIMIT", "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs in processes of their own."""
    with ExitStack() as stack:

        def begin(program: str, sandbox: Sandbox) -> subprocess.Popen[str]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", BEGINNING + textwrap.dedent(program)],
                    env={**os.environ, **sandbox.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process

        yield begin


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def count_refused(sandbox: Sandbox) -> int:
    return sum(request.status == 429 for request in sandbox.requests)


CALLING = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(3) as pool:
    stop()
    assert len([*pool.map(lambda _: client.request(list_pads()), range(3))]) == 3
print("done", flush=True)
"""


def test_processes_with_too_many_calls_are_never_refused(start: Start) -> None:
    """Stalled responses keep calls in progress; two processes have twice as many calls as the service allows."""
    with Sandbox(days=1) as sandbox:
        sandbox.faults.add(faults.Stall(seconds=0.1, times=None))
        processes = [start(CALLING, sandbox) for _ in range(2)]
        assert [*map(read_line, processes)] == ["ready"] * 2
        for process in processes:
            go_on(process)
        assert [*map(read_line, processes)] == ["done"] * 2
        assert count_refused(sandbox) == 0
        assert len(sandbox.requests) == 6


HOLDING = """
streams = [iter(Site(id=id, client=client).get_data()) for id in (941, 942, 943)]
for stream in streams:
    next(stream)
stop()
"""


def test_permits_of_a_killed_process_are_free(start: Start) -> None:
    with Sandbox(days=10) as sandbox:
        holder = start(HOLDING, sandbox)
        assert read_line(holder) == "ready"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        other = start("next(iter(Site(id=941, client=client).get_data())); print('done')", sandbox)
        assert read_line(other) == "done"


@pytest.mark.exhaustive
def test_paused_process_gives_permits_back_to_one_that_waits(start: Start) -> None:
    """It resumes at its position when it reads again: a notebook must not stop the nightly job."""
    with Sandbox(days=10) as sandbox:
        going_on = "print(sum(1 for stream in streams for _ in itertools.islice(stream, 5_000)))"
        notebook = start(HOLDING + going_on, sandbox)
        assert read_line(notebook) == "ready"
        job = start("next(iter(Site(id=941, client=client).get_data())); print('done')", sandbox)
        assert read_line(job) == "done"
        assert count_refused(sandbox) == 0
        go_on(notebook)
        assert read_line(notebook) == "15000"


def test_room_that_another_process_is_in_is_not_entered(start: Start) -> None:
    with Sandbox(days=1) as sandbox:
        holder = start(
            """
            from datastore_sdk import Pad
            pad = client.request(list_pads())[0]
            stream = Pad(id=pad.id, client=client).get_realtime_instance_updates()
            thread = __import__("threading").Thread(target=lambda: list(stream), daemon=True)
            thread.start()
            while not stream.statistics.connected: __import__("time").sleep(0.01)
            print(pad.id, flush=True)
            sys.stdin.readline()
            """,
            sandbox,
        )
        pad_id = int(read_line(holder))
        with Client(sandbox.token, base_url=sandbox.url, retries=RetryPolicy(max_attempts=1)) as client:
            limits = client._executor.limits
            with pytest.raises(RateLimitError, match="another process on this machine is connected to the room"):
                client._drive(enter_room(client._executor, build_room_operation(f"/pads/{pad_id}/", {})))
            assert limits.get_room_semaphore(f"/external/thirdparty/v2/ws/pads/{pad_id}/")._try_acquire() is not None


@pytest.fixture
def permits(tmp_path: Path) -> ProcessSemaphore:
    return ProcessSemaphore(tmp_path / "permits", 3)


def test_permits_are_for_all_that_have_the_same_files(permits: ProcessSemaphore, tmp_path: Path) -> None:
    other = ProcessSemaphore(tmp_path / "permits", 3)
    acquired = [permits.try_acquire(), other.try_acquire(), permits.try_acquire()]
    assert None not in acquired
    assert (permits.try_acquire(), other.try_acquire()) == (None, None)
    held = acquired.pop()
    assert held is not None
    held.release()
    assert other.try_acquire() is not None


def test_forgotten_permit_comes_back(permits: ProcessSemaphore) -> None:
    for _ in range(3):
        assert permits.try_acquire() is not None  # and forgotten at once
    assert permits.poll(1.0) is None
    assert len(permits._free) == 3


def test_aborted_permit_is_reused_only_after_the_cooldown(permits: ProcessSemaphore) -> None:
    held = [permits.try_acquire() for _ in range(3)]
    assert held[0] is not None
    held[0].release(aborted=True)
    again = permits.try_acquire()
    assert again is not None
    assert again.wait > 0


def test_suspended_permit_is_not_preempted_without_waiters(permits: ProcessSemaphore, tmp_path: Path) -> None:
    dropped = threading.Event()
    permit = permits.try_acquire()
    assert permit is not None
    permit.suspend(dropped.set)
    for _ in range(5):
        permits.poll(10.0)
    assert permit.resume()
    permit.suspend(dropped.set)
    (tmp_path / "permits.waiting").touch()
    permits.poll(0.0)
    os.utime(tmp_path / "permits.waiting", ns=(1, 1))
    permits.poll(10.0)
    assert dropped.is_set()
    assert not permit.resume()


def test_unwritable_folder_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    limits = ProcessLimits(tmp_path / "file" / "limits", "client")
    permits = [limits.get(endpoint, 3) for endpoint in ("/pads/", "/pads/") for _ in range(4)]
    for each in permits:
        permit = each.try_acquire()
        assert permit is not None
        assert permit.resume()
        permit.release()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the limit of concurrent calls is not shared with other processes"
    ]


def test_who_must_not_wait_is_refused_try_acquire(serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    server = serve(respond_always(http_response(200, [])))
    client = client_of(server, retries=RetryPolicy(wait=False), clock=Clock())
    assert client.request(list_pads()) == []
    permits = processes_of(client._executor.limits).get("/external/thirdparty/v1/pads/", 3)
    held = [permits.try_acquire() for _ in range(3)]
    with pytest.raises(RateLimitError, match="was not sent"):
        client.request(list_pads())
    assert len(held) == 3
    assert [*(tmp_path / "restream" / "limits").iterdir()], "the files lie in the user's cache"


def processes_of(limits: ConcurrencyLimits) -> ProcessLimits:
    assert limits._processes is not None
    return limits._processes


@pytest.mark.parametrize("value", ["off", "0", "False", "no"])
def test_off(value: str, client_of: ClientOf, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_SHARED_LIMIT", value)
    client = client_of(serve(respond_always(http_response(200, []))))
    assert client._executor.limits._processes is None
    assert client.describe()["shared_limit"].source == "environment variable RESTREAM_SHARED_LIMIT"


def test_value_that_is_neither_on_nor_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_SHARED_LIMIT", "maybe")
    with pytest.raises(ConfigurationError, match="RESTREAM_SHARED_LIMIT: must be on or off, not 'maybe'"):
        Client("t0ken")


def test_no_secret_is_in_the_name_of_a_file(client_of: ClientOf, serve: Serve, tmp_path: Path) -> None:
    client = client_of(serve(respond_always(http_response(200, []))))
    client.request(list_pads())
    names = [path.name for path in (tmp_path / "restream" / "limits").iterdir()]
    assert names
    assert not any("t0ken" in name for name in names)
