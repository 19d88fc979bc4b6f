"""Activity and measurements of a pad, wherever they come from."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from operator import itemgetter

from datastore_sdk.sandbox.simulation.corrections import Correction
from datastore_sdk.sandbox.simulation.field_catalog import FieldInfo
from datastore_sdk.sandbox.simulation.layout import Crew, PadLayout
from datastore_sdk.sandbox.simulation.readings import Record, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, WIRELINE, ScheduledStage, operation_of
from datastore_sdk.sandbox.simulation.selection import Selection


class PadActivity(ABC):
    """Everything that happens on a pad, and everything that is measured there.

    Args:
        pad: The pad.
    """

    def __init__(self, pad: PadLayout) -> None:
        self.pad = pad

    @abstractmethod
    def stages(self, site_id: int, until: int) -> list[ScheduledStage]:
        """Return the stages of a site that begin up to a second, oldest first."""

    @abstractmethod
    def get_completion_time(self, now: int) -> int | None:
        """Return when the last stage of the pad ended."""

    @abstractmethod
    def is_finished(self, site_id: int, now: int) -> bool:
        """Return whether a site has finished its last stage."""

    @abstractmethod
    def extent(self, site_id: int, now: int) -> tuple[int, int] | None:
        """Return the first and the last second up to now with data of a site; None without data."""

    @abstractmethod
    def corrections(self, site_id: int, until: int) -> list[Correction]:
        """Return all corrections, past and planned, of what a site recorded up to a second."""

    @abstractmethod
    def revise(self, correction: Correction) -> None:
        """Add a correction made by hand."""

    @abstractmethod
    def site_records(self, site_id: int, selection: Selection) -> Iterator[Record]:
        """Yield the records of one site, under plain names, in order of time."""

    @abstractmethod
    def pad_records(self, selection: Selection) -> Iterator[Record]:
        """Yield one record per second for the whole pad, with the fields prefixed by their source."""

    @abstractmethod
    def site_fields(self, site_id: int) -> tuple[FieldInfo, ...]:
        """Return the fields of a site, under plain names."""

    @abstractmethod
    def pad_fields(self) -> tuple[FieldInfo, ...]:
        """Return the fields of the pad, under plain names and under those of its measurement sources."""

    @abstractmethod
    def sampling_period(self, site_id: int, name: str) -> tuple[int, int]:
        """Return the seconds between two values of a field, and the second of that period with the value."""

    def columns(self, site_id: int, selection: Selection) -> dict[str, dict[int, Value]]:
        """Return the records of a site field by field: the values of each by second."""
        columns: dict[str, dict[int, Value]] = {}
        for record in self.site_records(site_id, selection):
            second = int(record["timestamp"] or 0)
            for name, value in record.items():
                if selection.includes_field(name):
                    columns.setdefault(name, {})[second] = value
        return columns

    def read_routed_records(self, site_ids: Collection[int], selection: Selection) -> Iterator[Record]:
        """Yield the records of some sites, each under plain names, in order of time."""
        of_sites = (self.site_records(site_id, selection) for site_id in site_ids)
        return heapq.merge(*of_sites, key=itemgetter("timestamp"))

    def preset_aggregations(self, stage: ScheduledStage) -> Mapping[str, float | None]:  # noqa: ARG002 - most know none
        """Return by name those aggregations of a finished stage that are not computed from its records."""
        return {}

    def stage_at(self, site_id: int, second: int) -> ScheduledStage | None:
        """Return the current stage of a site."""
        stages = self.stages(site_id, second)
        return stages[-1] if stages and stages[-1].covers(second) else None

    def frac_at(self, crew: Crew, second: int) -> ScheduledStage | None:
        """Return the frac that a crew is pumping."""
        return self._job_at(crew, second, FRAC)

    def wireline_at(self, crew: Crew, second: int) -> ScheduledStage | None:
        """Return the current wireline run of a crew."""
        return self._job_at(crew, second, WIRELINE)

    def _job_at(self, crew: Crew, second: int, state: str) -> ScheduledStage | None:
        stages = (self.stage_at(site_id, second) for site_id in crew.works)
        return next((stage for stage in stages if stage and operation_of(stage.state) == operation_of(state)), None)
