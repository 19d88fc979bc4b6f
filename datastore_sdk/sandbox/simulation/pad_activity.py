"""What a field has to tell of a pad, wherever it knows it from."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from operator import itemgetter

from datastore_sdk.sandbox.simulation.corrections import Correction
from datastore_sdk.sandbox.simulation.field_catalog import FieldInfo
from datastore_sdk.sandbox.simulation.layout import Crew, Pad
from datastore_sdk.sandbox.simulation.readings import Record, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, WIRELINE, Stage, operation_of
from datastore_sdk.sandbox.simulation.selection import Selection


class PadActivity(ABC):
    """Everything that happens on a pad, and everything that is measured there.

    Args:
        pad: The pad.
    """

    def __init__(self, pad: Pad) -> None:
        self.pad = pad

    @abstractmethod
    def stages(self, site_id: int, until: int) -> list[Stage]:
        """The stages of a site that begin up to a second, oldest first."""

    @abstractmethod
    def completed_at(self, now: int) -> int | None:
        """When the last stage of the pad was finished."""

    @abstractmethod
    def is_finished(self, site_id: int, now: int) -> bool:
        """Whether a site has had its last stage."""

    @abstractmethod
    def extent(self, site_id: int, now: int) -> tuple[int, int] | None:
        """The first and the last second up to now of which a site has data; None where it has none."""

    @abstractmethod
    def corrections(self, site_id: int, until: int) -> list[Correction]:
        """All corrections, made and still to be made, of what a site recorded up to a second."""

    @abstractmethod
    def revise(self, correction: Correction) -> None:
        """Adds a correction made by hand."""

    @abstractmethod
    def site_records(self, site_id: int, selection: Selection) -> Iterator[Record]:
        """The records of one site, under plain names, in order of time."""

    @abstractmethod
    def pad_records(self, selection: Selection) -> Iterator[Record]:
        """One record per second for the pad as a whole, its sources' fields prefixed with their names."""

    @abstractmethod
    def site_fields(self, site_id: int) -> tuple[FieldInfo, ...]:
        """What a site can report, under plain names."""

    @abstractmethod
    def pad_fields(self) -> tuple[FieldInfo, ...]:
        """What the pad can report, under plain names and under those of its measurement sources."""

    @abstractmethod
    def rhythm(self, site_id: int, name: str) -> tuple[int, int]:
        """Of a field that was measured: seconds between two values, and the second of that period with the value."""

    def columns(self, site_id: int, selection: Selection) -> dict[str, dict[int, Value]]:
        """The records of a site field by field: the values of each by second."""
        columns: dict[str, dict[int, Value]] = {}
        for record in self.site_records(site_id, selection):
            second = int(record["timestamp"] or 0)
            for name, value in record.items():
                if selection.keeps(name):
                    columns.setdefault(name, {})[second] = value
        return columns

    def routed_records(self, site_ids: Collection[int], selection: Selection) -> Iterator[Record]:
        """The records of some sites, each under plain names, in order of time."""
        of_sites = (self.site_records(site_id, selection) for site_id in site_ids)
        return heapq.merge(*of_sites, key=itemgetter("timestamp"))

    def numbers_of(self, stage: Stage) -> Mapping[str, float | None]:  # noqa: ARG002 - most know none
        """Those numbers of a finished stage that are not to be computed from its records, by name."""
        return {}

    def stage_at(self, site_id: int, second: int) -> Stage | None:
        """The stage that a site is in."""
        stages = self.stages(site_id, second)
        return stages[-1] if stages and stages[-1].covers(second) else None

    def frac_at(self, crew: Crew, second: int) -> Stage | None:
        """The frac that a crew is pumping."""
        return self._job_at(crew, second, FRAC)

    def wireline_at(self, crew: Crew, second: int) -> Stage | None:
        """The run that a crew's wireline unit is in."""
        return self._job_at(crew, second, WIRELINE)

    def _job_at(self, crew: Crew, second: int, state: str) -> Stage | None:
        stages = (self.stage_at(site_id, second) for site_id in crew.works)
        return next((stage for stage in stages if stage and operation_of(stage.state) == operation_of(state)), None)
