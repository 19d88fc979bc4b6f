"""Cases of drift: a mutation, and the expected finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from datastore_sdk.drift import Finding, Observations, Severity, Spec, compare
from datastore_sdk.drift.json_types import is_array
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from tests.drift.spec_builders import REAL, Mutation, Node, mutate_spec, parse_spec
from tests.support.paths import CASSETTES

B, C, D = Severity
V1 = "/external/thirdparty/v1"


@dataclass(frozen=True)
class SpecCase:
    """A change of the OpenAPI document."""

    description: str
    mutate: Mutation
    rule: str
    severity: Severity
    affects: str
    """One of the affected public names; empty if no name is affected."""

    def find(self) -> Finding | None:
        """Return the finding of the rule; None if the rule finds nothing."""
        report = compare(parse_spec(REAL), mutate_spec(self.mutate))
        return next((finding for finding in report.findings if finding.rule == self.rule), None)


@dataclass(frozen=True)
class TrafficCase:
    """A deviation of a response from the document."""

    description: str
    cassette: str
    path: str
    """The end of the path."""
    mutate: Callable[[Any], object]
    """Changes the first object of the response body."""
    rule: str
    severity: Severity
    affects: str = ""
    """One of the affected public names; empty if there are only methods."""
    can_be_patched: bool = True
    """Whether a patch can be suggested."""
    response: Node | None = None
    """Other attributes of the call that change."""

    def observe(self) -> Observations:
        """Compare the call with the document of the SDK."""
        return self.observe_with(parse_spec(REAL))

    def observe_with(self, contract: Spec) -> Observations:
        """Compare the call with a document."""
        calls = cassettes.read_cassette(str(CASSETTES / f"{self.cassette}.yaml"))
        call = next(call for call in calls if call.path.endswith(self.path))
        observations = Observations(contract)
        observations.add(self.mutate_call(call))
        return observations

    def mutate_call(self, call: RecordedCall) -> RecordedCall:
        """Return the changed call."""
        body: Any = json.loads(call.content)
        first = body[0] if is_array(body) else body
        self.mutate(first)
        return replace(call, **{"content": json.dumps(body).encode(), **(self.response or {})})

    def find(self) -> Finding | None:
        """Return the finding of the rule; None if the rule finds nothing."""
        return next((finding for finding in self.observe().findings() if finding.rule == self.rule), None)
