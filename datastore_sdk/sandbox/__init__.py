"""An embedded Restream service with a simulated frac crew behind it, to try things out on and to test against.

    from datastore_sdk.sandbox import Sandbox

    with Sandbox(seed=7) as sandbox:
        print(sandbox.url, sandbox.token)

Needs the extra `sandbox`: `pip install "restream-datastore-sdk[sandbox]"`.
"""

from __future__ import annotations

from datastore_sdk.sandbox.server import Sandbox
from datastore_sdk.sandbox.service.received import ReceivedRequest

__all__ = ["ReceivedRequest", "Sandbox"]
