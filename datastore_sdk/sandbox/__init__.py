"""Embedded Restream service with a simulated frac crew, for trying things out and for tests.

    from datastore_sdk.sandbox import Sandbox

    with Sandbox(seed=7) as sandbox:
        print(sandbox.url, sandbox.token)

`faults` has the faults that the sandbox can inject. A `Scenario` replaces the simulated field by pads, stages and
records of your own.

Needs the extra `sandbox`: `pip install "restream-datastore-sdk[sandbox]"`.
"""

from __future__ import annotations

from datastore_sdk.sandbox import faults
from datastore_sdk.sandbox.api.request_log import ReceivedRequest
from datastore_sdk.sandbox.api.websocket.options import RoomOptions
from datastore_sdk.sandbox.scenario import Scenario, ScenarioPad, ScenarioSite
from datastore_sdk.sandbox.server import Sandbox
from datastore_sdk.sandbox.untidiness import Untidiness

__all__ = [
    "ReceivedRequest",
    "RoomOptions",
    "Sandbox",
    "Scenario",
    "ScenarioPad",
    "ScenarioSite",
    "Untidiness",
    "faults",
]
