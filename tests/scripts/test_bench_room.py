"""The bench of live data: what its service says over a WebSocket, and how long that is on its way."""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from _bench import body as bodies
from _bench import delays, report, room
from _bench.body import Body, Framing
from _bench.client import SENT, SHARES
from _bench.delays import DELAYS
from _bench.rows import SDK, Row, Run
from _bench.runs import Bench
from _bench.server import Server
from websockets.sync.client import connect

from tests.support.exhaustive import first

COUNT = 300


def this_python(_run: Run) -> Path:
    return Path(sys.executable)


def receive(body: Body) -> list[dict[str, object]]:
    with Server(body) as service, connect(f"{service.url.replace('http', 'ws')}/sites/1/data/") as socket:
        messages = [json.loads(socket.recv()) for _ in range(body.records)]
        socket.close()
        assert socket.close_code is not None
    return [message["message"] for message in messages]


def test_bench_room_sends_the_records() -> None:
    assert receive(Body(COUNT, Framing.MESSAGES)) == [json.loads(record) for record in bodies.records(COUNT)]


def test_bench_room_paced_records_have_send_times() -> None:
    started = time.monotonic()
    received = receive(Body(20, Framing.MESSAGES, rate=200))
    times = [float(str(record.pop(SENT))) for record in received]
    assert received == [json.loads(record) for record in bodies.records(20)]
    assert started < times[0]
    assert times[-1] < time.monotonic()
    assert all(earlier < later for earlier, later in pairwise(times))


@pytest.mark.exhaustive
def test_bench_room_catches_up_with_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    clock = iter([100.0, 100.0, 100.01, 100.7, 100.8])  # at the beginning; then before and at each sending
    monkeypatch.setattr(room, "monotonic", lambda: next(clock))  # the module's name only: other threads need the clock
    monkeypatch.setattr(room, "sleep", waits.append)
    assert [SENT in message.decode(errors="replace") for message in room.pace_messages(2, rate=4)] == [True, True]
    assert waits == pytest.approx([0.25, 0.0])


@pytest.mark.exhaustive
@pytest.mark.parametrize("task", first(1, ["alisten", "listen"]))
def test_bench_listener_counts_records(task: str) -> None:
    run = Run(SDK, task, Body(COUNT, Framing.MESSAGES))
    with Bench(this_python, pairs=1) as bench:
        result = bench.measure(Row("a row", run, run))
    assert result.failure is None
    assert len(result.sdk) == 1


@pytest.mark.exhaustive
def test_bench_delays_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delays, "VENDOR", SDK)
    body = Body(20, Framing.MESSAGES, rate=200)
    monkeypatch.setattr(delays, "DELAYS", {"sync": ("delays", body), "async": ("adelays", body), "c": ("", body)})
    with Bench(this_python, pairs=1) as bench:
        found = [*delays.delays(bench, "SYNC")]
    assert [delay.name for delay in found] == ["sync", "async"]
    for delay in found:
        assert delay.failure is None
        assert 0 < delay.sdk[0.5] <= delay.sdk[0.99] <= delay.sdk[1.0] < 10_000
        assert delay.reference.keys() == delay.sdk.keys() == {*SHARES}
        assert len(report.delay_line(delay).split()) == 1 + 2 * len(SHARES)
    assert len(report.delay_heading()) == len(report.delay_line(found[0]))


def test_bench_failed_delay_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delays, "DELAYS", {"sync": ("unheard_of", Body(1, Framing.MESSAGES, rate=1))})
    monkeypatch.setattr(delays, "VENDOR", SDK)
    with Bench(this_python, pairs=1) as bench:
        (delay,) = delays.delays(bench, "")
    assert "AttributeError" in str(delay.failure)
    assert "FAILED" in report.delay_line(delay)


def test_bench_measures_every_pace_sync_and_async() -> None:
    assert len(DELAYS) == 6
    assert {body.rate for _, body in DELAYS.values()} == {1, 100, 1000}
