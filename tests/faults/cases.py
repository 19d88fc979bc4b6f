"""The matrix: every request of every call, in both forms, with every fault that can meet it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.faults.calls import CALLS, Call, Kind
from tests.faults.table import EXPECTED, FAULTS, Injected

FORMS: tuple[Literal["sync", "async"], ...] = ("sync", "async")


@dataclass(frozen=True, slots=True)
class Case:
    """A request of a call meets a fault."""

    call: Call
    index: int
    """Which of the call's requests it is."""
    fault: str
    form: str

    def __str__(self) -> str:
        return f"{self.call.name} [{self.index + 1}: {self.kind}] {self.fault}, {self.form}"

    @property
    def kind(self) -> Kind:
        return self.call.requests[self.index]

    @property
    def injected(self) -> Injected:
        return FAULTS[self.fault]


CASES = [
    Case(call, index, fault, form)
    for call in CALLS.values()
    for index, kind in enumerate(call.requests)
    for fault in FAULTS
    for form in FORMS
    if (fault, kind) in EXPECTED
]
COUNT = (
    f"{len(CALLS)} calls (of {sum(len(call.requests) for call in CALLS.values())} requests) in {len(FORMS)} forms, "
    f"{len(FAULTS)} faults: {len(CASES)} cases"
)
