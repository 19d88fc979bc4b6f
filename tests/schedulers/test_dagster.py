"""The recipe for Dagster materializes a day."""

from __future__ import annotations

from collections.abc import Callable

from tests.schedulers.conftest import Run
from tests.support.paths import ROOT


def test_asset_saves_the_day(run: Run, check_day: Callable[[str], None]) -> None:
    recipe = str(ROOT / "docs" / "schedulers" / "dagster_assets.py")
    run("dagster", "instance", "concurrency", "set", "restream", "3")
    run("dagster", "asset", "materialize", "-f", recipe, "--select", "records", "--partition", "2025-09-16")
    check_day("2025-09-16")
