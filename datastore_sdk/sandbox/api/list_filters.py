"""Filters of lists by names and coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from datastore_sdk.sandbox.api.context import CallContext
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.simulation.layout import PadLayout, SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity

_EARTH_MILES: Final = 3958.8
_ALIKE: Final = 0.7
_CIRCLE: Final = ("lat", "long", "radius_miles")


def contains(text: str | None, part: str | None) -> bool:
    """Return whether a text contains another, in any case; None is in every text."""
    return part is None or (text is not None and part.casefold() in text.casefold())


def is_alike(name: str, search: str | None) -> bool:
    """Return whether a name has all words of a search, or similar ones."""
    if search is None or contains(name, search):
        return True
    words = name.casefold().split()
    return all(
        any(word in known or SequenceMatcher(None, word, known).ratio() >= _ALIKE for known in words)
        for word in search.casefold().split()
    )


@dataclass(frozen=True, slots=True)
class _Area:
    """A box and a circle, as far as they are set."""

    south: float | None
    north: float | None
    west: float | None
    east: float | None
    centre: tuple[float, float] | None
    radius_miles: float

    @classmethod
    def read(cls, query: QueryParams) -> _Area:
        """Read it from the query; part of a circle is an error."""
        latitude, longitude, radius = (query.number(name) for name in _CIRCLE)
        missing = [name for name in _CIRCLE if query.text(name) is None]
        if 0 < len(missing) < len(_CIRCLE):
            for name in missing:
                query.reject(name, "lat, long and radius_miles go together.")
        return cls(
            south=query.number("latitude_gte"),
            north=query.number("latitude_lte"),
            west=query.number("longitude_gte"),
            east=query.number("longitude_lte"),
            centre=(latitude, longitude) if latitude is not None and longitude is not None else None,
            radius_miles=radius or 0.0,
        )

    def holds(self, site: SiteLayout) -> bool:
        """Return whether a site lies inside. A site without coordinates is only inside an area without limits."""
        if (self.south, self.north, self.west, self.east, self.centre) == (None,) * 5:
            return True
        if site.latitude is None or site.longitude is None:
            return False
        return (
            (self.south is None or site.latitude >= self.south)
            and (self.north is None or site.latitude <= self.north)
            and (self.west is None or site.longitude >= self.west)
            and (self.east is None or site.longitude <= self.east)
            and (self.centre is None or miles(self.centre, (site.latitude, site.longitude)) <= self.radius_miles)
        )


def miles(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two places in degrees north and east."""
    (north_a, east_a), (north_b, east_b) = (tuple(map(math.radians, place)) for place in (a, b))
    half = math.sin((north_b - north_a) / 2) ** 2
    half += math.cos(north_a) * math.cos(north_b) * math.sin((east_b - east_a) / 2) ** 2
    return 2 * _EARTH_MILES * math.asin(math.sqrt(min(half, 1.0)))


def _is_of_fleet(pad: PadLayout, fleet_id: int | None, fleet_name: str | None) -> bool:
    fleet = pad.fleet
    return (fleet_id is None or (fleet is not None and fleet.id == fleet_id)) and contains(
        fleet.name if fleet else None, fleet_name
    )


def filter_pads(call: CallContext) -> Iterator[PadActivity]:
    """Return the pads that a query selects.

    Raises:
        RequestError: 400 if the query is invalid.
    """
    query = call.query
    complete, site_pk, fleet_id = query.boolean("complete"), query.integer("site_pk"), query.integer("fleet_id")
    well_api, name, fleet_name = query.text("well_api"), query.text("name_search"), query.text("fleet_name")
    query.check()
    for pad in call.service.pads():
        operations = call.service.field.operations[pad.id]
        if (
            (complete is None or complete is (operations.get_completion_time(call.now) is not None))
            and (site_pk is None or (site_pk in pad.by_id and site_pk not in call.service.denied))
            and (well_api is None or any(site.well_api == well_api for site in pad.sites))
            and is_alike(pad.name, name)
            and _is_of_fleet(pad, fleet_id, fleet_name)
        ):
            yield operations


def filter_sites(call: CallContext) -> Iterator[tuple[PadActivity, SiteLayout]]:
    """Return the sites that a query selects.

    Raises:
        RequestError: 400 if the query is invalid.
    """
    query = call.query
    complete, fleet_id = query.boolean("complete"), query.integer("fleet_id")
    pad_ids = {number for number in (query.integer("pad__id"), query.integer("pad_pk")) if number is not None}
    well_api, name, fleet_name = query.text("well_api"), query.text("name_search"), query.text("fleet_name")
    formation, pad_name, area = query.text("formation_name"), query.text("pad_name"), _Area.read(query)
    query.check()
    for operations, site in call.service.sites():
        pad = operations.pad
        if (
            pad_ids <= {pad.id}
            and (complete is None or complete is operations.is_finished(site.id, call.now))
            and (well_api is None or site.well_api == well_api)
            and is_alike(site.name, name)
            and contains(site.formation, formation)
            and contains(pad.name, pad_name)
            and _is_of_fleet(pad, fleet_id, fleet_name)
            and area.holds(site)
        ):
            yield operations, site
