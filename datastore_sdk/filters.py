"""The filters of lists: one TypedDict per kind of list, every key optional.

These declarations are the only ones: `entities/filter_validation.py` checks filters by them. Source of the names and
meanings: the service's query parameters (openapi.yaml).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, cast

from datastore_sdk._utils.validation import validate_known
from datastore_sdk.enums import (
    AggregationName,
    DataAggregations,
    DataFillMethods,
    DataResolutions,
    FillMethodName,
    OperationName,
    ResolutionName,
    StageNameFilters,
)
from restream_api.models import Pad, Site


class PadFilters(TypedDict, total=False):
    """Which pads to list."""

    complete: bool | None
    """True: pads whose completion is finished; False: the others."""
    well_api: str | None
    """API well number of a well on the pad."""
    site_pk: int | Site | None
    """Id of a site on the pad, or the site."""
    name_search: str | None
    """Fuzzy search in the pad's name."""
    fleet_id: int | None
    """Id of the frac fleet that works on the pad."""
    fleet_name: str | None
    """Part of the fleet's name, in any case."""


class SiteFilters(TypedDict, total=False):
    """Which sites to list, except by pad."""

    complete: bool | None
    """True: sites whose completion is finished; False: the others."""
    well_api: str | None
    """API well number."""
    name_search: str | None
    """Fuzzy search in the site's name."""
    formation_name: str | None
    """Name of the formation."""
    latitude_gte: float | None
    """South edge of a box, degrees."""
    latitude_lte: float | None
    """North edge of a box, degrees."""
    longitude_gte: float | None
    """West edge of a box, degrees."""
    longitude_lte: float | None
    """East edge of a box, degrees."""
    latitude: float | None
    """Centre of a circle, degrees; goes with `longitude` and `radius_miles`."""
    longitude: float | None
    """Centre of a circle, degrees; goes with `latitude` and `radius_miles`."""
    radius_miles: float | None
    """Radius of a circle, miles; goes with `latitude` and `longitude`."""
    fleet_id: int | None
    """Id of the frac fleet that works on the site."""
    fleet_name: str | None
    """Part of the fleet's name, in any case."""


class AllSiteFilters(SiteFilters, total=False):
    """Which sites to list, by pad too."""

    pad_id: int | Pad | None
    """Id of the pad that the site lies on, or the pad."""
    pad_pk: int | Pad | None
    """Id of the pad that the site lies on, or the pad (an older name of the service for the same filter)."""
    pad_name: str | None
    """Name of the pad."""


class PadStateFilters(TypedDict, total=False):
    """Which states of a pad's sites to list."""

    stage_name_filter: StageNameFilters | OperationName | None
    """Only states of this operation."""


class StateFilters(PadStateFilters, total=False):
    """Which states to list, by site and pad too."""

    site_id: int | Site | None
    """Id of the site, or the site."""
    pad_id: int | Pad | None
    """Id of the pad that the site lies on, or the pad."""


class StageFilters(TypedDict, total=False):
    """Which stages to list, beside the filters that may be given by their place."""

    stage_numbers: Sequence[int] | None
    """Only stages of these numbers."""
    start: datetime | str | None
    """Another name for `start_date`."""
    end: datetime | str | None
    """Another name for `end_date`."""
    start_datetime: datetime | str | None
    """Another name for `start_date`."""
    end_datetime: datetime | str | None
    """Another name for `end_date`."""


class DataForm(TypedDict, total=False):
    """The form in which corrected records come; the same choices as of `get_data`."""

    resolution: DataResolutions | ResolutionName
    """The interval that one record stands for; 1 second unless given."""
    aggregation: DataAggregations | AggregationName | None
    """How the measurements within an interval become one value."""
    fields: str | Sequence[str] | None
    """Names of the fields; all that are exposed to you unless given."""
    si_units: bool
    """True: SI units; False (unless given): oilfield units."""
    fill_data_method: DataFillMethods | FillMethodName | None
    """How gaps are filled; goes with `fill_data_limit`."""
    fill_data_limit: int | None
    """The most seconds to fill in one gap."""
    inside_area_only: bool
    """True (unless given): fill only between known values."""


def validate_data_form(form: DataForm) -> DataForm:
    """The form without what was left at None, which means what leaving it out means.

    Raises:
        TypeError: It holds something that `DataForm` does not.
    """
    validate_known(form, DataForm.__annotations__, "a part of the form of records")
    return cast("DataForm", {name: value for name, value in form.items() if value is not None})
