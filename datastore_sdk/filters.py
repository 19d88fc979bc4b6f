"""Filters of lists: one TypedDict for each kind of list, every key optional.

`entities/filter_validation.py` validates filters by these declarations. They have the names and meanings of the query
parameters in `openapi.yaml`.
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
    """Filters of pads."""

    complete: bool | None
    """True: pads with a finished completion; False: the others."""
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
    """Filters of sites, except by pad."""

    complete: bool | None
    """True: sites with a finished completion; False: the others."""
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
    """Centre of a circle, degrees; requires `longitude` and `radius_miles`."""
    longitude: float | None
    """Centre of a circle, degrees; requires `latitude` and `radius_miles`."""
    radius_miles: float | None
    """Radius of a circle, miles; requires `latitude` and `longitude`."""
    fleet_id: int | None
    """Id of the frac fleet that works on the site."""
    fleet_name: str | None
    """Part of the fleet's name, in any case."""


class AllSiteFilters(SiteFilters, total=False):
    """Filters of sites, including by pad."""

    pad_id: int | Pad | None
    """Id of the pad that the site lies on, or the pad."""
    pad_pk: int | Pad | None
    """Id of the pad that the site lies on, or the pad (an older name of the service for the same filter)."""
    pad_name: str | None
    """Name of the pad."""


class PadStateFilters(TypedDict, total=False):
    """Filters of the states of a pad's sites."""

    stage_name_filter: StageNameFilters | OperationName | None
    """Only states of this operation."""


class StateFilters(PadStateFilters, total=False):
    """Filters of states, including by site and pad."""

    site_id: int | Site | None
    """Id of the site, or the site."""
    pad_id: int | Pad | None
    """Id of the pad that the site lies on, or the pad."""


class StageFilters(TypedDict, total=False):
    """Filters of stages, beside the positional ones."""

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
    """Format of corrected records; the same options as in `get_data`."""

    resolution: DataResolutions | ResolutionName
    """Interval that one record covers. Default: 1 second."""
    aggregation: DataAggregations | AggregationName | None
    """How to combine the measurements within one interval into one value."""
    fields: str | Sequence[str] | None
    """Names of the fields. Default: all fields that you have access to."""
    si_units: bool
    """True: SI units; False (default): oilfield units."""
    fill_data_method: DataFillMethods | FillMethodName | None
    """How to fill gaps; requires `fill_data_limit`."""
    fill_data_limit: int | None
    """Maximum number of seconds to fill in one gap."""
    inside_area_only: bool
    """True (default): fill only between known values."""


def validate_data_form(form: DataForm) -> DataForm:
    """Return the format without the keys that are None; None means the default.

    Raises:
        TypeError: A key does not exist.
    """
    validate_known(form, DataForm.__annotations__, "an option of records")
    return cast("DataForm", {name: value for name, value in form.items() if value is not None})
