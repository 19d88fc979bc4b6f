"""The matrix: every request of every call, in both forms, with every fault that can meet it.

Many of its cases go the same way through the package. So each fault meets each kind of request once, each time in
another call and in half of the kinds in each form, and each request of each call meets three faults, in one form or the
other; the rest needs `--all`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from tests.faults.expected_outcomes import EXPECTED, FAULTS, Injected
from tests.faults.public_calls import CALLS, Call, Kind

FORMS: tuple[str, ...] = ("sync", "async")


@dataclass(frozen=True, slots=True)
class Case:
    """Fault in a request of a call."""

    call: Call
    index: int
    """Index of the request."""
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
SMOKE = ("reset, but carried out", "another JSON", "body cut for ever", "429 once", "503 for ever")
"""Faults that distinguish calls of a kind, the best first: by retries, parsing and partial writes."""
SMOKE_EACH = 3


def _once_each(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield one case of each fault and kind of request; the calls and the forms take turns."""
    alike: defaultdict[Kind, defaultdict[str, defaultdict[str, list[Case]]]]
    alike = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for case in cases:
        alike[case.kind][case.fault][case.form].append(case)
    for first_form, by_fault in enumerate(alike.values()):
        for turn, by_form in enumerate(by_fault.values()):
            calls = by_form[FORMS[(first_form + turn) % len(FORMS)]]
            yield calls[turn % len(calls)]


def _smoke(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield three faults for each request of each call; the forms take turns."""
    at_request: defaultdict[tuple[str, int], defaultdict[str, list[Case]]] = defaultdict(lambda: defaultdict(list))
    for case in sorted((case for case in cases if case.fault in SMOKE), key=lambda case: SMOKE.index(case.fault)):
        at_request[case.call.name, case.index][case.fault].append(case)
    for turn, by_fault in enumerate(at_request.values()):
        for number, forms in enumerate(islice(by_fault.values(), SMOKE_EACH), start=turn):
            yield forms[number % len(forms)]


REPRESENTATIVE = {str(case) for case in (*_once_each(CASES), *_smoke(CASES))}
"""The cases that run without `--all`."""
COUNT = (
    f"{len(CALLS)} calls (of {sum(len(call.requests) for call in CALLS.values())} requests) in {len(FORMS)} forms, "
    f"{len(FAULTS)} faults: {len(CASES)} cases, of which {len(REPRESENTATIVE)} run without --all"
)
