"""Scenarios and their pads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from datastore_sdk.sandbox.scenario.ids import Ids
from datastore_sdk.sandbox.scenario.site import AllIds, ScenarioSite
from datastore_sdk.sandbox.scenario.timestamps import to_second
from datastore_sdk.sandbox.simulation.layout import Crew, NamedObject, PadLayout, SiteLayout


class Scenario:
    """Pads, stages and records of your own for the sandbox: `Sandbox(scenario=scenario)`.

    Pads and sites must exist before the sandbox is made. Stages, records and changes can be added while it serves.

    Args:
        now: Datetime with time zone at which the field's clock is frozen, or from which it runs if the sandbox has a
            `speed`. Default: the computer's clock.

    Raises:
        ValueError: `now` has no time zone.

    Attributes:
        now: The datetime, or None.
        pads: Its pads.
    """

    def __init__(self, *, now: datetime | None = None) -> None:
        if now is not None:
            to_second(now, "now")
        self.now = now
        self.pads: list[ScenarioPad] = []
        self._ids = AllIds(Ids("pad", 101), Ids("site", 1001), Ids("stage", 100_001), Ids("change", 500_001))
        self._named: dict[str, NamedObject] = {}

    def pad(
        self,
        name: str,
        *,
        id: int | None = None,
        lease_name: str | None = None,
        customer_name: str = "Scenario Energy",
        fleet_name: str | None = None,
        crew: str | None = None,
        division: str | None = None,
        completed: datetime | None = None,
    ) -> ScenarioPad:
        """Add a pad.

        Args:
            name: Name of the pad.
            id: Its id. Default: a new one.
            lease_name: Name of the lease. Default: the pad's name.
            customer_name: Name of the operator.
            fleet_name: Name of the fleet that works there; None without one.
            crew: Name of the crew.
            division: Division of the operator.
            completed: Datetime with time zone at which its last stage ended; None if it is not completed.

        Raises:
            ValueError: The id is in use, or `completed` has no time zone.
        """
        pad = PadLayout(
            id=self._ids.pads.take(id),
            name=name,
            lease=lease_name or name,
            customer=self._name(customer_name),
            fleet=self._name(fleet_name) if fleet_name else None,
            crews=(),
            sites=(),
            crew_name=crew,
            division=division,
        )
        made = ScenarioPad(pad, None if completed is None else to_second(completed, "completed"), self._ids)
        self.pads.append(made)
        return made

    def _name(self, name: str) -> NamedObject:
        return self._named.setdefault(name, NamedObject(len(self._named) + 1, name))


class ScenarioPad:
    """A pad of a scenario; made by `Scenario.pad`.

    Attributes:
        id: Its id.
        name: Its name.
        sites: Its sites.
        completed: When it was completed, unix seconds.
    """

    def __init__(self, pad: PadLayout, completed: int | None, ids: AllIds) -> None:
        self.id = pad.id
        self.name = pad.name
        self.sites: list[ScenarioSite] = []
        self.completed = completed
        self._pad = pad
        self._ids = ids

    def site(
        self,
        name: str,
        *,
        id: int | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        formation_name: str | None = None,
        well_api: str | None = None,
        stage_total: int | None = None,
        configured: bool = True,
        source: str | None = None,
    ) -> ScenarioSite:
        """Add a site (well).

        Args:
            name: Name of the site.
            id: Its id. Default: a new one.
            latitude: Degrees north.
            longitude: Degrees east.
            formation_name: Name of the formation.
            well_api: API well number.
            stage_total: Number of planned stages. Default: the greatest number of its stages.
            configured: Whether it has a state.
            source: Measurement source, such as `M1`. Sites can share one; the pad's unrouted records prefix its fields
                with
                `M1_`.

        Raises:
            ValueError: The id is in use.
        """
        site = SiteLayout(
            id=self._ids.sites.take(id),
            name=name,
            latitude=latitude,
            longitude=longitude,
            formation=formation_name,
            well_api=well_api,
            stage_total=stage_total or 0,
            configured=configured,
        )
        made = ScenarioSite(site, source, self._ids)
        self.sites.append(made)
        return made

    def layout(self) -> PadLayout:
        """Return the pad as the service knows it."""
        sources = dict.fromkeys(site.source for site in self.sites if site.source)
        return replace(
            self._pad,
            sites=tuple(_with_total(site) for site in self.sites),
            crews=tuple(self._crew(number, source) for number, source in enumerate(sources or [""], start=1)),
            frac_mode="frac" if sources else None,
        )

    def _crew(self, number: int, source: str) -> Crew:
        ids = tuple(site.id for site in self.sites if (site.source or "") == source)
        return Crew(number, source, source, "", attached=ids, works=ids)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name!r}>"


def _with_total(site: ScenarioSite) -> SiteLayout:
    total = site.layout.stage_total or max((stage.number for stage in site.stages), default=0)
    return replace(site.layout, stage_total=total)
