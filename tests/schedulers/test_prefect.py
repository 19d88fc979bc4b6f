"""The recipe for Prefect saves days, at most three at a time."""

from __future__ import annotations

from collections.abc import Callable

from tests.schedulers.conftest import Run
from tests.support.paths import ROOT

DAYS = ["2025-09-15", "2025-09-16"]


def test_flow_saves_the_days(run: Run, check_day: Callable[[str], None]) -> None:
    run("prefect", "gcl", "create", "restream", "--limit", "3")
    output = run("python", str(ROOT / "docs" / "schedulers" / "prefect_flow.py"), *DAYS)
    assert "records/2025-09-15" in output
    for day in DAYS:
        check_day(day)
