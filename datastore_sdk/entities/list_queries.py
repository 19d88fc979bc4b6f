"""Queries for lists: filters become query parameters and rules that the returned objects must match."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from datastore_sdk.entities.filter_validation import validate_extra_filters, validate_filters
from datastore_sdk.entities.matching import MatchRule, has_id, has_max, has_min, has_operation
from datastore_sdk.filters import AllSiteFilters, PadFilters, PadStateFilters, SiteFilters, StateFilters
from restream_api.api.pads import list_pads
from restream_api.api.sites import list_sites
from restream_api.api.states import list_states
from restream_api.types import Operation, QueryValue

ExtraFilters = Mapping[str, QueryValue] | None


class ListQuery(NamedTuple):
    """Query for a list of objects."""

    operation: Operation[list[Any]]
    rules: tuple[MatchRule, ...] = ()
    """Rules that each object must match. A filter has no rule if the object does not carry the filtered value."""
    site_id: int | None = None
    """The site whose pad is requested. Pads do not list their sites."""


_SITE_RULES: dict[str, Callable[[Any], MatchRule]] = {
    "pad_id": partial(has_id, "pad_id"),
    "pad_pk": partial(has_id, "pad_id"),
    "fleet_id": partial(has_id, "fleet_id"),
    "latitude_gte": partial(has_min, "latitude"),
    "latitude_lte": partial(has_max, "latitude"),
    "longitude_gte": partial(has_min, "longitude"),
    "longitude_lte": partial(has_max, "longitude"),
}
_STATE_RULES: dict[str, Callable[[Any], MatchRule]] = {
    "site_id": partial(has_id, "site.id"),
    "pad_id": partial(has_id, "site.pad.id"),
    "stage_name_filter": partial(has_operation, "current_state"),
}


def build_pad_query(filters: Mapping[str, Any], extra_filters: ExtraFilters = None) -> ListQuery:
    """Return the query for the pads that match `PadFilters`.

    Raises:
        TypeError: A filter does not exist, or a value has the wrong type.
        ValueError: A value is invalid.
    """
    values = validate_filters(filters, PadFilters, "pads")
    return _build_query(list_pads(**values), (), extra_filters)._replace(site_id=values.get("site_pk"))


def build_site_query(
    filters: Mapping[str, Any], extra_filters: ExtraFilters = None, *, pad_id: int | None = None
) -> ListQuery:
    """Return the query for the sites that match `AllSiteFilters`, or `SiteFilters` if `pad_id` is set.

    Raises:
        TypeError: A filter does not exist, or a value has the wrong type.
        ValueError: Only part of the circle is set, or a value is invalid.
    """
    if pad_id is None:
        values = validate_filters(filters, AllSiteFilters, "sites")
    else:
        values = validate_filters(filters, SiteFilters, "the sites of a pad")
        values["pad_id"] = pad_id
    rules = _select_rules(values, _SITE_RULES)
    circle = [values.pop(name, None) for name in ("latitude", "longitude", "radius_miles")]
    if any(part is None for part in circle) and any(part is not None for part in circle):
        raise ValueError("latitude, longitude and radius_miles describe a circle together: pass all three or none")
    lat, long, radius = circle
    return _build_query(list_sites(**values, lat=lat, long=long, radius_miles=radius), rules, extra_filters)


def build_state_query(
    filters: Mapping[str, Any],
    extra_filters: ExtraFilters = None,
    *,
    pad_id: int | None = None,
    site_id: int | None = None,
) -> ListQuery:
    """Return the query for the states that match `StateFilters`, or `PadStateFilters` if `pad_id` is set.

    Raises:
        TypeError: A filter does not exist, or a value has the wrong type.
        ValueError: A value is invalid.
    """
    if pad_id is None:
        values = validate_filters({"site_id": site_id, **filters}, StateFilters, "states")
    else:
        values = validate_filters(filters, PadStateFilters, "the states of a pad")
        values["pad_id"] = pad_id
    rules = _select_rules(values, _STATE_RULES)
    name = values.pop("stage_name_filter", None)
    return _build_query(list_states(**values, current_state_search=name), rules, extra_filters)


def _select_rules(values: Mapping[str, Any], rules: Mapping[str, Callable[[Any], MatchRule]]) -> tuple[MatchRule, ...]:
    return tuple(rules[name](value) for name, value in values.items() if name in rules)


def _build_query(
    operation: Operation[list[Any]], rules: tuple[MatchRule, ...], extra_filters: ExtraFilters
) -> ListQuery:
    extra = validate_extra_filters(extra_filters, (name for name, _ in operation.query))
    return ListQuery(operation.with_query(extra), rules)
