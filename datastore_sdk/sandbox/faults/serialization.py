"""Faults as JSON: `{"fault": "status", "status": 503, "path": "/pads/*", "times": 2}`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from datastore_sdk.sandbox.faults.http_faults import (
    Corrupt,
    CutGzip,
    Delay,
    Drip,
    ExpireToken,
    Fault,
    Reset,
    Stall,
    Status,
    Truncate,
    WrongContentType,
    WrongJson,
)
from datastore_sdk.sandbox.faults.websocket_faults import Close, Drop, Duplicate, Garbage, HugeFrame, Late, Silence

AnyCallFault = (
    Corrupt | CutGzip | Delay | Drip | ExpireToken | Reset | Stall | Status | Truncate | WrongContentType | WrongJson
)
AnyRoomFault = Close | Drop | Duplicate | Garbage | HugeFrame | Late | Silence
AnyFault = AnyCallFault | AnyRoomFault


def faults_from(content: bytes) -> Sequence[Fault]:
    """Parse the fault, or the faults, of a JSON text.

    Raises:
        ValueError: The text is not JSON or not a fault; the message says where and why.
    """
    found: Fault | list[Fault] = _decoder().decode(content)
    return found if isinstance(found, list) else [found]


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    """Return the decoder. It accepts none of the types by which clock-freezing tools replace `datetime`."""
    return msgspec.json.Decoder(AnyFault | list[AnyFault])


def fault_json(fault: Fault, left: int | None) -> dict[str, object]:
    """Format a fault and the number of calls that it still affects."""
    return {**msgspec.to_builtins(fault), "left": left}
