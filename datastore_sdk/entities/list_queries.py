"""The operations behind lists: filters become query parameters, and rules that the returned objects must keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from datastore_sdk.entities.filter_validation import checked_extra_filters, checked_filters
from datastore_sdk.entities.matching import MatchRule, has_id, has_operation, is_at_least, is_at_most
from datastore_sdk.filters import AllSiteFilters, PadFilters, PadStateFilters, SiteFilters, StateFilters
from restream_api.api.pads import list_pads
from restream_api.api.sites import list_sites
from restream_api.api.states import list_states
from restream_api.types import Operation, QueryValue

ExtraFilters = Mapping[str, QueryValue] | None


class ListQuery(NamedTuple):
    """A list to ask for."""

    operation: Operation[list[Any]]
    rules: tuple[MatchRule, ...] = ()
    """What each object must be. Filters whose meaning an object does not show exactly have no rule."""
    site_id: int | None = None
    """The site whose pad is asked for, which pads do not show."""


_SITE_RULES: dict[str, Callable[[Any], MatchRule]] = {
    "pad_id": partial(has_id, "pad_id"),
    "pad_pk": partial(has_id, "pad_id"),
    "fleet_id": partial(has_id, "fleet_id"),
    "latitude_gte": partial(is_at_least, "latitude"),
    "latitude_lte": partial(is_at_most, "latitude"),
    "longitude_gte": partial(is_at_least, "longitude"),
    "longitude_lte": partial(is_at_most, "longitude"),
}
_STATE_RULES: dict[str, Callable[[Any], MatchRule]] = {
    "site_id": partial(has_id, "site.id"),
    "pad_id": partial(has_id, "site.pad.id"),
    "stage_name_filter": partial(has_operation, "current_state"),
}


def pads_with(filters: Mapping[str, Any], extra_filters: ExtraFilters = None) -> ListQuery:
    """Return the query of the pads that match `PadFilters`.

    Raises:
        TypeError: There is no such filter, or a value is of the wrong type.
        ValueError: A value cannot be used.
    """
    given = checked_filters(filters, PadFilters, "pads")
    return _query(list_pads(**given), (), extra_filters)._replace(site_id=given.get("site_pk"))


def sites_with(
    filters: Mapping[str, Any], extra_filters: ExtraFilters = None, *, pad_id: int | None = None
) -> ListQuery:
    """Return the query of the sites that match `AllSiteFilters`; of one pad, `SiteFilters`.

    Raises:
        TypeError: There is no such filter, or a value is of the wrong type.
        ValueError: Only a part of the circle is given, or a value cannot be used.
    """
    if pad_id is None:
        given = checked_filters(filters, AllSiteFilters, "sites")
    else:
        given = checked_filters(filters, SiteFilters, "the sites of a pad")
        given["pad_id"] = pad_id
    rules = _rules(given, _SITE_RULES)
    circle = [given.pop(name, None) for name in ("latitude", "longitude", "radius_miles")]
    if any(part is None for part in circle) and any(part is not None for part in circle):
        raise ValueError("latitude, longitude and radius_miles describe a circle together: give all three or none")
    lat, long, radius = circle
    return _query(list_sites(**given, lat=lat, long=long, radius_miles=radius), rules, extra_filters)


def states_with(
    filters: Mapping[str, Any],
    extra_filters: ExtraFilters = None,
    *,
    pad_id: int | None = None,
    site_id: int | None = None,
) -> ListQuery:
    """Return the query of the states that match `StateFilters`; of one pad, `PadStateFilters`.

    Raises:
        TypeError: There is no such filter, or a value is of the wrong type.
        ValueError: A value cannot be used.
    """
    if pad_id is None:
        given = checked_filters({"site_id": site_id, **filters}, StateFilters, "states")
    else:
        given = checked_filters(filters, PadStateFilters, "the states of a pad")
        given["pad_id"] = pad_id
    rules = _rules(given, _STATE_RULES)
    name = given.pop("stage_name_filter", None)
    return _query(list_states(**given, current_state_search=name), rules, extra_filters)


def _rules(given: Mapping[str, Any], rules: Mapping[str, Callable[[Any], MatchRule]]) -> tuple[MatchRule, ...]:
    return tuple(rules[name](value) for name, value in given.items() if name in rules)


def _query(operation: Operation[list[Any]], rules: tuple[MatchRule, ...], extra_filters: ExtraFilters) -> ListQuery:
    extra = checked_extra_filters(extra_filters, (name for name, _ in operation.query))
    return ListQuery(operation.with_query(extra), rules)
