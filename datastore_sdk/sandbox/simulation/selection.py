"""Selection of records by a request."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_sdk.sandbox.simulation.schedule import ScheduledStage


@dataclass(frozen=True, slots=True)
class Selection:
    """Selection of records and fields.

    Attributes:
        first: First second.
        last: Last second.
        now: Time of the request: later records and corrections are unknown.
        fields: Names of the fields; None: all.
        sources: Measurement sources; None: all.
        state: Part of a stage's state, in lower case; None: any.
        stage_number: Number of the completion stage; None: any.
    """

    first: int
    last: int
    now: int
    fields: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    state: str | None = None
    stage_number: int | None = None

    def includes_stage(self, stage: ScheduledStage | None) -> bool:
        """Return whether records of a stage are selected."""
        if self.state is None and self.stage_number is None:
            return True
        if stage is None or (self.stage_number is not None and stage.number != self.stage_number):
            return False
        return self.state is None or self.state in stage.state

    def includes_field(self, name: str) -> bool:
        """Return whether a field is selected."""
        return self.fields is None or name in self.fields
