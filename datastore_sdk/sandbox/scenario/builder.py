"""Scenarios and their pads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from datastore_sdk.sandbox.scenario.ids import Ids
from datastore_sdk.sandbox.scenario.site import AllIds, ScenarioSite
from datastore_sdk.sandbox.scenario.timestamps import second_of
from datastore_sdk.sandbox.simulation.layout import Crew, Named, Pad, Site


class Scenario:
    """A field of one's own for the sandbox: `Sandbox(scenario=scenario)`.

    Pads and sites must be there when the sandbox is made; stages, records and changes can be added while it serves.

    Args:
        now: The moment, with its time zone, at which the field's time stands still, or from which it goes on where the
            sandbox is given a `speed`. Default: the computer's clock.

    Raises:
        ValueError: `now` has no time zone.

    Attributes:
        now: The moment, or None.
        pads: Its pads.
    """

    def __init__(self, *, now: datetime | None = None) -> None:
        if now is not None:
            second_of(now, "now")
        self.now = now
        self.pads: list[ScenarioPad] = []
        self._ids = AllIds(Ids("pad", 101), Ids("site", 1001), Ids("stage", 100_001), Ids("change", 500_001))
        self._named: dict[str, Named] = {}

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
        """Adds a pad.

        Args:
            name: Its name.
            id: Its id. Default: made up.
            lease_name: Of the lease. Default: the pad's name.
            customer_name: Of the operator.
            fleet_name: Of the fleet that works there; None: there is none.
            crew: Of the crew.
            division: Of the operator.
            completed: When its last stage was finished, with its time zone; None: it is not.

        Raises:
            ValueError: The id is taken, or `completed` has no time zone.
        """
        pad = Pad(
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
        made = ScenarioPad(pad, None if completed is None else second_of(completed, "completed"), self._ids)
        self.pads.append(made)
        return made

    def _name(self, name: str) -> Named:
        return self._named.setdefault(name, Named(len(self._named) + 1, name))


class ScenarioPad:
    """A pad of a scenario; `Scenario.pad` makes it.

    Attributes:
        id: Its id.
        name: Its name.
        sites: Its sites.
        completed: When it was completed, unix seconds.
    """

    def __init__(self, pad: Pad, completed: int | None, ids: AllIds) -> None:
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
        """Adds a site (well).

        Args:
            name: Its name.
            id: Its id. Default: made up.
            latitude: In degrees north.
            longitude: In degrees east.
            formation_name: Of the rock.
            well_api: Its API well number.
            stage_total: How many stages are planned. Default: the greatest number of its stages.
            configured: Whether it has a state.
            source: The measurement source, such as `M1`, by which it is measured. Sites can share one; the pad's
                unrouted records have `M1_` before the names of its fields.

        Raises:
            ValueError: The id is taken.
        """
        site = Site(
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

    def layout(self) -> Pad:
        """The pad as the service knows it."""
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


def _with_total(site: ScenarioSite) -> Site:
    total = site.layout.stage_total or max((stage.number for stage in site.stages), default=0)
    return replace(site.layout, stage_total=total)
