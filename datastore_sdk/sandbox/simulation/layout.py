"""Pads of the simulated field, their sites, and the crews that work on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object of which only id and name matter: a customer, a fleet."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class SiteLayout:
    """A well.

    Attributes:
        stage_total: Number of the last stage.
        configured: Whether its valves are monitored, so that the site has a state.
        first_stage: Stage at which the simulated job begins.
        measured_depth: Depth along the hole to its toe, ft; 0 if nothing is simulated.
        vertical_depth: Vertical depth of the lateral, ft; 0 if nothing is simulated.
    """

    id: int
    name: str
    latitude: float | None
    longitude: float | None
    formation: str | None
    well_api: str | None
    stage_total: int
    configured: bool = True
    first_stage: int = 1
    measured_depth: float = 0.0
    vertical_depth: float = 0.0

    @property
    def created(self) -> datetime:
        """Return when the service created the site."""
        return datetime(2024, 3, 4, 15, tzinfo=UTC) + timedelta(seconds=self.id * 10_007)


@dataclass(frozen=True, slots=True)
class Crew:
    """A frac spread and its wireline unit. On a pad with several, each is a measurement source.

    Attributes:
        number: Its position on the pad, from 1.
        name: Name of the measurement source, `M1`; empty on a pad with one crew and no simops.
        wireline: Name of the wireline unit as a measurement source; empty if wireline is not one.
        attached: Sites that it is connected to.
        works: Sites that it treats, in turn. Empty: rigged up, but idle.
        laboratory: Whether the fluid laboratory samples its blender.
    """

    number: int
    name: str
    label: str
    wireline: str
    attached: tuple[int, ...]
    works: tuple[int, ...]
    laboratory: bool = False


@dataclass(frozen=True, slots=True)
class PadLayout:
    """A pad.

    Attributes:
        head_start: Days between the begin of its job and the begin of the simulated history.
        frac_mode: Value of `frac` in `simops_config`; None on a pad without simops.
    """

    id: int
    name: str
    lease: str
    customer: NamedObject
    fleet: NamedObject | None
    crews: tuple[Crew, ...]
    sites: tuple[SiteLayout, ...]
    frac_mode: str | None = None
    wireline_mode: str | None = None
    crew_name: str | None = None
    division: str | None = None
    wireline_enabled: bool = True
    coil_tubing_enabled: bool | None = None
    head_start: float = 0.0
    by_id: dict[int, SiteLayout] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {site.id: site for site in self.sites})

    @property
    def simops(self) -> bool:
        """Return whether several crews can work at the same time."""
        return self.frac_mode is not None


@dataclass(frozen=True, slots=True)
class _Basin:
    """Values that the wells of one area share."""

    county_api: str
    formations: tuple[str | None, ...]
    measured_depth: float
    vertical_depth: float


_MIDLAND = _Basin("42329", ("Wolfcamp A", "Wolfcamp B", "Lower Spraberry"), 19_800, 9_250)
_DELAWARE = _Basin("42389", ("Bone Spring 3", "Wolfcamp XY"), 20_900, 10_400)
_EAGLE_FORD = _Basin("42255", ("Lower Eagle Ford", "Austin Chalk"), 18_400, 10_900)

_MESA = NamedObject(11, "Mesa Verde Resources")
_LLANO = NamedObject(12, "Llano Energy")
_COASTAL = NamedObject(13, "Coastal Bend Operating")
_RED = NamedObject(31, "Red Fleet")
_BLUE = NamedObject(32, "Blue Fleet")
_DUAL = NamedObject(33, "Dual Fuel 7")


def _wells(
    basin: _Basin,
    first_id: int,
    names: tuple[str, ...],
    place: tuple[float, float],
    *,
    first_stage: int = 1,
    stage_total: int = 62,
    unconfigured: frozenset[int] = frozenset(),
    unsurveyed: frozenset[int] = frozenset(),
) -> tuple[SiteLayout, ...]:
    """Build wells in a row, some feet apart. A well that is not surveyed yet has no coordinates and no API number."""
    return tuple(
        SiteLayout(
            id=first_id + index,
            name=name,
            latitude=None if first_id + index in unsurveyed else round(place[0] + 0.00012 * index, 7),
            longitude=None if first_id + index in unsurveyed else round(place[1] - 0.00009 * index, 7),
            formation=None if first_id + index in unsurveyed else basin.formations[index % len(basin.formations)],
            well_api=None if first_id + index in unsurveyed else f"{basin.county_api}{40_000 + first_id + index}",
            measured_depth=basin.measured_depth + 130 * index,
            vertical_depth=basin.vertical_depth + 85 * index,
            first_stage=first_stage,
            stage_total=stage_total + index,
            configured=first_id + index not in unconfigured,
        )
        for index, name in enumerate(names)
    )


PADS: tuple[PadLayout, ...] = (
    PadLayout(
        id=668,
        name="Mesquite Draw 14",
        lease="Mesquite Draw",
        customer=_MESA,
        fleet=_RED,
        crew_name="Crew A",
        division="Permian",
        frac_mode="frac",
        wireline_mode="run",
        coil_tubing_enabled=False,
        crews=(
            Crew(1, "M1", "14-1/2/3", "W1", (941, 942, 943), (941, 942, 943), laboratory=True),
            Crew(2, "M2", "14-4/5/6", "W2", (944, 945, 946), (944, 945, 946)),
        ),
        sites=_wells(_MIDLAND, 941, tuple(f"Mesquite Draw 14-{n}H" for n in range(1, 7)), (31.9412, -102.0731)),
    ),
    PadLayout(
        id=681,
        name="Caprock East",
        lease="Caprock",
        customer=_LLANO,
        fleet=_BLUE,
        frac_mode="frac",
        crews=(
            Crew(1, "M1", "1/2", "", (981, 982, 983, 984), (981, 982), laboratory=True),
            Crew(2, "M2", "3/4", "", (981, 982, 983, 984), (983, 984)),
        ),
        sites=_wells(
            _MIDLAND, 981, tuple(f"Caprock East {n}WA" for n in range(1, 5)), (32.1187, -101.8654), stage_total=92
        ),
    ),
    PadLayout(
        id=697,
        name="Live Oak",
        lease="Live Oak Unit",
        customer=_COASTAL,
        fleet=_DUAL,
        crew_name="Crew C",
        division="Eagle Ford",
        frac_mode="run",
        crews=(
            Crew(1, "M1", "S1", "", (1011, 1012, 1013), (1011, 1012, 1013), laboratory=True),
            Crew(2, "M2", "S2", "", (1011, 1012, 1013), ()),
        ),
        sites=_wells(
            _EAGLE_FORD,
            1011,
            tuple(f"Live Oak {n}H" for n in range(1, 4)),
            (28.9634, -97.8312),
            first_stage=17,
            stage_total=78,
        ),
    ),
    PadLayout(
        id=703,
        name="Rattlesnake Flat",
        lease="Rattlesnake",
        customer=_LLANO,
        fleet=_RED,
        division="Permian",
        coil_tubing_enabled=True,
        crews=(Crew(1, "", "", "", (1041, 1042), (1041, 1042), laboratory=True),),
        sites=_wells(
            _DELAWARE,
            1041,
            ("Rattlesnake 21H", "Rattlesnake 22H"),
            (31.5526, -103.6219),
            first_stage=8,
            stage_total=97,
            unconfigured=frozenset({1042}),
            unsurveyed=frozenset({1042}),
        ),
    ),
    PadLayout(
        id=654,
        name="Frio Bend",
        lease="Frio Bend",
        customer=_COASTAL,
        fleet=None,
        wireline_enabled=False,
        head_start=3.0,
        crews=(Crew(1, "", "", "", (911, 912), (911, 912)),),
        sites=_wells(_EAGLE_FORD, 911, ("Frio Bend 1H", "Frio Bend 2H"), (28.7719, -98.5547), stage_total=9),
    ),
)
"""Pads of the field. Their ids are not in order, as in reality."""
