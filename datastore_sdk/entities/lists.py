"""The operations behind lists: named filters become query parameters, others are passed through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datastore_sdk.checks import checked_choice, checked_number, one_of, warn_of_slips
from datastore_sdk.enums import OperationName, StageNameFilters
from datastore_sdk.filters import AllSiteFilters, PadFilters, StateFilters
from restream_api.api.pads import list_pads
from restream_api.api.sites import list_sites
from restream_api.api.states import list_states
from restream_api.models import Pad, Site, State
from restream_api.types import Model, Operation

_OTHER_NAMES = ("lat", "long", "pad__id", "site__id")
"""Names of the service itself for filters that have other names here."""

_RANGES = {
    **dict.fromkeys(("latitude", "latitude_gte", "latitude_lte"), (-90, 90)),
    **dict.fromkeys(("longitude", "longitude_gte", "longitude_lte"), (-180, 180)),
    "radius_miles": (0, 12_451),
}
"""Degrees; and miles, up to half of the Earth's circumference."""


def pads_with(filters: Mapping[str, Any]) -> Operation[list[Pad]]:
    """The pads that match `PadFilters`."""
    known, others = _parted(filters, PadFilters, Pad)
    return list_pads(**known).with_query(others)


def sites_with(filters: Mapping[str, Any]) -> Operation[list[Site]]:
    """The sites that match `AllSiteFilters`.

    Raises:
        ValueError: Only a part of the circle is given, or a number is out of its range.
        TypeError: A coordinate is no number.
    """
    known, others = _parted(filters, AllSiteFilters, Site)
    latitude = one_of(known.pop("latitude", None), others.pop("lat", None), "latitude", "lat")
    longitude = one_of(known.pop("longitude", None), others.pop("long", None), "longitude", "long")
    circle = [latitude, longitude, known.pop("radius_miles", None)]
    if any(part is None for part in circle) and any(part is not None for part in circle):
        raise ValueError("latitude, longitude and radius_miles describe a circle together: give all three or none")
    for name, value in {**filters, "latitude": latitude, "longitude": longitude}.items():
        if value is not None and name in _RANGES:
            checked_number(value, name, *_RANGES[name])
    lat, long, radius = circle
    return list_sites(**known, lat=lat, long=long, radius_miles=radius).with_query(others)


def states_with(filters: Mapping[str, Any]) -> Operation[list[State]]:
    """The states that match `StateFilters`."""
    known, others = _parted(filters, StateFilters, State)
    given: StageNameFilters | OperationName | None = known.pop("stage_name_filter", None)
    name = checked_choice(StageNameFilters, given, "stage_name_filter")
    return list_states(**known, current_state_search=name).with_query(others)


def _parted(filters: Mapping[str, Any], kind: type, model: type[Model]) -> tuple[dict[str, Any], dict[str, Any]]:
    known = {name: value for name, value in filters.items() if name in kind.__annotations__}
    others = {name: value for name, value in filters.items() if name not in known}
    warn_of_slips((name for name in others if name not in _OTHER_NAMES), kind.__annotations__, model.model_fields)
    return known, others
