"""Faults of a service, network or proxy that the sandbox can inject.

    from datastore_sdk.sandbox import Sandbox, faults

    with Sandbox() as sandbox:
        sandbox.faults.add(faults.Status(503, path="/pads/*", times=2))
        sandbox.faults.add(faults.Reset("body", at=5000, path="/data/"), faults.Delay(2.0))
        sandbox.faults.add(faults.Drop(probability=1 / 50, times=None))  # of WebSocket rooms

Each kind of fault is a class. All of them take the same arguments to select calls (`Fault`). The JSON of the admin
interface writes them as objects: `{"fault": "status", "status": 503, "path": "/pads/*", "times": 2}`.
"""

from __future__ import annotations

from datastore_sdk.sandbox.faults.http_faults import (
    CallFault,
    Corrupt,
    CutGzip,
    Delay,
    Drip,
    ExpireToken,
    Fault,
    HandshakeFault,
    Reset,
    Stall,
    Status,
    Truncate,
    WrongContentType,
    WrongJson,
)
from datastore_sdk.sandbox.faults.registry import FaultRegistry
from datastore_sdk.sandbox.faults.websocket_faults import (
    Close,
    Drop,
    Duplicate,
    Garbage,
    HugeFrame,
    Late,
    RoomFault,
    Silence,
)

__all__ = [
    "CallFault",
    "Close",
    "Corrupt",
    "CutGzip",
    "Delay",
    "Drip",
    "Drop",
    "Duplicate",
    "ExpireToken",
    "Fault",
    "FaultRegistry",
    "Garbage",
    "HandshakeFault",
    "HugeFrame",
    "Late",
    "Reset",
    "RoomFault",
    "Silence",
    "Stall",
    "Status",
    "Truncate",
    "WrongContentType",
    "WrongJson",
]
