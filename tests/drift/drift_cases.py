"""Planted drift: what is changed, and how it is to be found and classed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from datastore_sdk.drift import Finding, Observations, Severity, Spec, compare
from datastore_sdk.drift.json_types import is_array
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from tests.drift.spec_builders import REAL, Mutation, Node, changed, from_text
from tests.support.paths import CASSETTES

B, C, D = Severity
V1 = "/external/thirdparty/v1"


@dataclass(frozen=True)
class Planted:
    """A change of the contract."""

    what: str
    mutate: Mutation
    rule: str
    severity: Severity
    affects: str
    """One of the public names that it affects; empty for none."""

    def found(self) -> Finding | None:
        """The finding, where there is one."""
        report = compare(from_text(REAL), changed(self.mutate))
        return next((finding for finding in report.findings if finding.rule == self.rule), None)


@dataclass(frozen=True)
class Deviating:
    """Something in an answer that the contract does not say."""

    what: str
    cassette: str
    path: str
    """The end of the call's path."""
    mutate: Callable[[Any], object]
    """Changes the first object of the answer."""
    rule: str
    severity: Severity
    affects: str = ""
    """One of the public names that it affects; empty where there is none besides the methods."""
    mended: bool = True
    """Whether a patch to the contract can be suggested."""
    response: Node | None = None
    """What else of the call changes."""

    def observed(self) -> Observations:
        """What the call shows."""
        return self.against(from_text(REAL))

    def against(self, contract: Spec) -> Observations:
        """What the call shows of a contract."""
        calls = cassettes.read_cassette(str(CASSETTES / f"{self.cassette}.yaml"))
        call = next(call for call in calls if call.path.endswith(self.path))
        observations = Observations(contract)
        observations.add(self.planted(call))
        return observations

    def planted(self, call: RecordedCall) -> RecordedCall:
        """The call with the change."""
        answer: Any = json.loads(call.content)
        first = answer[0] if is_array(answer) else answer
        self.mutate(first)
        return replace(call, **{"content": json.dumps(answer).encode(), **(self.response or {})})

    def found(self) -> Finding | None:
        """The finding, where there is one."""
        return next((finding for finding in self.observed().findings() if finding.rule == self.rule), None)
