"""The fixtures work in tests that freeze time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.exhaustive import first
from tests.testing.pytest_runs import run_pytest

TESTS = """
import asyncio
import pytest
from datastore_sdk import Client, Pad, RetryPolicy, Site
from datastore_sdk.sandbox import Sandbox, faults

{beginning}

def report(sandbox: Sandbox) -> None:
    assert len(Pad.get_models()) == 5
    assert len(asyncio.run(Pad.aget_models())) == 5
    pad = Pad.get_models()[0]
    streams = [iter(Site(id=site.id).get_data()) for site in [*pad.get_sites(), *pad.get_sites()][:4]]
    for stream in streams:
        next(stream)  # the fourth takes the place of the first
    next(streams[0])
    with_retries = Client(retries=RetryPolicy(initial_wait=0.01))
    sandbox.faults.add(faults.Status(503, times=1))
    assert len(Pad.get_models(client=with_retries)) == 5
    sandbox.faults.add(faults.Status(503, times=1))
    assert len(asyncio.run(Pad.aget_models(client=with_retries))) == 5
    live = pad.get_realtime_instance_updates()
    live.close()

@frozen
def test_frozen_later(restream_sandbox: Sandbox) -> None:
    report(restream_sandbox)

def test_not_frozen(restream_sandbox: Sandbox) -> None:
    report(restream_sandbox)

class TestFrozenBefore:
    @pytest.fixture(autouse=True)
    def freeze(self):
        {around}

    def test(self, restream_sandbox: Sandbox) -> None:
        report(restream_sandbox)
"""
TOOLS = {
    "freezegun": (
        'from freezegun import freeze_time\nfrozen = freeze_time("2025-09-18 12:00:00")',
        'with freeze_time("2025-09-18 12:00:00"): yield',
    ),
    "time-machine": (
        'import time_machine\nfrozen = time_machine.travel("2025-09-18 12:00:00+00:00", tick=False)',
        'with time_machine.travel("2025-09-18 12:00:00+00:00", tick=False): yield',
    ),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize(("beginning", "around"), first(1, TOOLS.values()))
def test_frozen_clocks_neither_hang_nor_fail(beginning: str, around: str, tmp_path: Path) -> None:
    (tmp_path / "test_frozen.py").write_text(TESTS.replace("{beginning}", beginning).replace("{around}", around))
    run = run_pytest(tmp_path)
    assert "3 passed" in run.stdout, run.stdout
