"""Which records somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_sdk.sandbox.simulation.schedule import Stage


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records, and what of them.

    Attributes:
        first: First second.
        last: Last second.
        now: The time of asking: nothing later is known, and corrections made later do not show.
        fields: Names to tell; None for all.
        sources: Measurement sources to tell; None for everything.
        state: Part of a stage's state, in lower case; None for every state.
        stage_number: Of the completion stage; None for every stage.
    """

    first: int
    last: int
    now: int
    fields: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    state: str | None = None
    stage_number: int | None = None

    def admits(self, stage: Stage | None) -> bool:
        """Whether records of a stage are asked for."""
        if self.state is None and self.stage_number is None:
            return True
        if stage is None or (self.stage_number is not None and stage.number != self.stage_number):
            return False
        return self.state is None or self.state in stage.state

    def keeps(self, name: str) -> bool:
        """Whether a field is asked for."""
        return self.fields is None or name in self.fields
