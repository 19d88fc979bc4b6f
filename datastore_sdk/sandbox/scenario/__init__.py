"""Scenarios: fields of one's own for the sandbox, so that a test knows what there is.

from datetime import UTC, datetime, timedelta
from datastore_sdk.sandbox import Sandbox, Scenario

noon = datetime(2025, 9, 18, 12, tzinfo=UTC)
scenario = Scenario(now=noon)
well = scenario.pad("Mesquite 1").site("Mesquite 1-1H")
start = noon - timedelta(hours=3)
well.stage(7, "frac_frac", start=start, end=start + timedelta(hours=2))
well.records(start, noon, surface_treating_pressure=8000.0, slurry_rate=lambda second: min(second / 10, 80.0))
well.change(start, start + timedelta(minutes=5), at=noon - timedelta(minutes=30), surface_treating_pressure=8100.0)
with Sandbox(scenario=scenario) as sandbox:
...
"""

from __future__ import annotations

from datastore_sdk.sandbox.scenario.builder import Scenario, ScenarioPad
from datastore_sdk.sandbox.scenario.site import FieldValue, ScenarioSite

__all__ = ["FieldValue", "Scenario", "ScenarioPad", "ScenarioSite"]
