"""The wells of a plan: sites, pads that stand for their sites, or a filter of sites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities import Pad, Site
from datastore_sdk.entities.list_queries import ListQuery, build_site_query
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.filters import AllSiteFilters

Wells = Site | Pad | Sequence[Site | Pad] | AllSiteFilters
"""A site, a pad, several of them, or filters of sites."""


def client_of(wells: Wells, client: Client | None, profile: str | None) -> Client:
    """Return the client for the requests of a plan: the one passed, that of the profile, or that of the wells.

    Raises:
        TypeError: The wells are not sites, pads or filters.
        ValueError: There are no wells, or they have different clients.
    """
    if client is not None or profile is not None or _is_filter(wells):
        return client_for(client=client, profile=None if client else profile)
    clients = dict.fromkeys(well._get_client() for well in _list_wells(wells))
    if len(clients) > 1:
        raise ValueError("the wells have different clients: pass the one to use as client=")
    return next(iter(clients))


def fetch_site_ids(client: Client, wells: Wells) -> EffectGen[tuple[int, ...]]:
    """Return the ids of the sites of wells, each once. Sites of pads and of filters are requested.

    Raises:
        ValueError: There are no sites.
        CallError: A request failed.
    """
    site_ids: dict[int, None] = {}
    if _is_filter(wells):
        query = build_site_query(cast("Mapping[str, Any]", wells))
        site_ids.update(dict.fromkeys((yield from _list_site_ids(client, query))))
    else:
        for well in _list_wells(wells):
            if isinstance(well, Pad):
                query = build_site_query({}, pad_id=well.id)
                site_ids.update(dict.fromkeys((yield from _list_site_ids(client, query))))
            else:
                site_ids[well.id] = None
    if not site_ids:
        raise ValueError(f"wells has no sites: {wells!r}")
    return tuple(site_ids)


def _list_site_ids(client: Client, query: ListQuery) -> EffectGen[list[int]]:
    sites = yield from client._executor.run(fetch_list(Site, client, query, as_dict=False))
    return [site["id"] for site in sites]


def _is_filter(wells: object) -> bool:
    if not isinstance(wells, Mapping) or isinstance(wells, Site | Pad):  # entities read like mappings
        return False
    if not wells:
        raise ValueError("wells has no filter, so it would be every site: pass sites, pads or filters")
    return True


def _list_wells(wells: object) -> list[Site | Pad]:
    """Return the sites and pads.

    Raises:
        TypeError: One of them is something else.
        ValueError: The list is empty.
    """
    several = isinstance(wells, Iterable) and not isinstance(wells, Site | Pad | str)
    items: list[object] = [*cast("Iterable[object]", wells)] if several else [wells]
    for item in items:
        if not isinstance(item, Site | Pad):
            hint = f"; pass Site(id={item!r})" if type(item) is int else ""
            raise TypeError(
                'wells must be a Site, a Pad, a list of them, or filters of sites such as {"fleet_id": 3}, not '
                f"{type(item).__name__}: {item!r}{hint}"
            )
    if not items:
        raise ValueError("wells is empty: pass at least one site, pad or filter")
    return cast("list[Site | Pad]", items)
