"""An embedded Restream service with a simulated frac crew behind it, to try things out on and to test against.

    from datastore_sdk.sandbox import Sandbox

    with Sandbox(seed=7) as sandbox:
        print(sandbox.url, sandbox.token)

`faults` has what can go wrong, for the sandbox to do on request; a `Scenario` is a field of your own instead of the
simulated one.

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
