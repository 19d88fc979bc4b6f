"""Find the pad of a site, and filter a pad's objects by site. Never guesses: an uncertain pad is an error."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from datastore_sdk._io.json_body import is_array, parse_id
from datastore_sdk.client import Client
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.list_queries import ListQuery
from datastore_sdk.entities.matching import (
    MatchRule,
    build_mismatch_error,
    check_object,
    filter_matching,
    get_value,
    has_id,
)
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.resource import fetch_list
from datastore_sdk.exceptions import APIStatusError, ResponseValidationError
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.pads import list_pads
from restream_api.api.sites import get_site, list_sites

R = TypeVar("R", bound=Entity)
L = TypeVar("L", bound=list[Any])


def find_pad_id(client: Client, site_id: int, known: int | None = None) -> Flow[int | None]:
    """Return the id of the pad of a site; None for a site without a pad.

    If the site has no `pad_id`, the service searches for the pad, and the pad must list the site.

    Args:
        client: Client of the requests; used in error messages.
        site_id: Id of the site.
        known: The site's `pad_id`, if it is loaded.

    Raises:
        NotFoundError: The service has no such site.
        ObjectMismatchError: The pad found by the service does not list the site.
    """
    pad_id = known if known is not None else (yield from _pad_id_of(client, site_id))
    if pad_id is not None:
        return pad_id
    operation = list_pads(site_pk=site_id)
    found = yield from operation
    if not found:
        return None
    ids = {parse_id(get_value(pad, "id")) for pad in found}
    candidate = ids.pop() if len(ids) == 1 else None
    if candidate is None or not (yield from _has_site(candidate, site_id)):
        problem = f"site {site_id} has no pad_id, and the {len(found)} pads found for it do not confirm it"
        raise build_mismatch_error(problem, operation, client)
    return candidate


def fetch_pads(
    kind: type[R], client: Client, query: ListQuery, *, as_dict: bool
) -> Flow[ObjectList[R] | list[dict[str, Any]]]:
    """Fetch the pads that match a query; with the filter `site_pk`, only the pad that the site belongs to.

    Raises:
        ObjectMismatchError: The site's pad is uncertain.
    """
    pads = yield from fetch_list(kind, client, query, as_dict=as_dict)
    site_id = query.site_id
    if site_id is None or not pads:
        return pads
    pad_id = yield from find_pad_id(client, site_id)
    rule = MatchRule("id", f"the pad of site {site_id}", lambda value: parse_id(value) == pad_id)
    if as_dict:
        return filter_matching(cast("list[dict[str, Any]]", pads), [rule], query.operation.name)
    return ObjectList(filter_matching(cast("ObjectList[R]", pads), [rule], query.operation.name), kind=kind)


def filter_by_pad(
    client: Client,
    pad_id: int,
    known_sites: frozenset[int],
    items: L,
    source: str,
) -> Flow[L]:
    """Return the objects, such as stages, whose `site` does not belong to another pad.

    Args:
        client: Client of the requests; used in error messages.
        pad_id: Id of the pad.
        known_sites: Sites known to be on the pad. Other sites are fetched to learn their pad. If it is empty, nothing
            is checked.
        items: The objects.
        source: Where the objects come from, such as the name of an operation.
    """
    if not known_sites or not is_array(items):  # with as_dict=True, the JSON may be any value
        return items
    sites = dict.fromkeys(parse_id(get_value(item, "site")) for item in items)
    foreign: set[int] = set()
    for site_id in sites:
        if site_id is None or site_id in known_sites:
            continue
        try:
            actual_pad_id = yield from _pad_id_of(client, site_id)
        except (APIStatusError, ResponseValidationError):  # the site may be inaccessible; that proves nothing
            continue
        if actual_pad_id not in {None, pad_id}:
            foreign.add(site_id)
    rule = MatchRule("site", f"a site of pad {pad_id}", lambda value: parse_id(value) not in foreign)
    return filter_matching(items, [rule], source)


def _pad_id_of(client: Client, site_id: int) -> Flow[int | None]:
    """Fetch the `pad_id` of a site."""
    operation = get_site(site_id)
    site = yield from operation
    check_object(site, [has_id("id", site_id)], operation, client)
    return parse_id(get_value(site, "pad_id"))


def _has_site(pad_id: int, site_id: int) -> Flow[bool]:
    """Return whether the service lists the site for the pad, and lists no site of another pad with it."""
    sites = yield from list_sites(pad_id=pad_id)
    pad_ids = {parse_id(get_value(site, "pad_id")) for site in sites}
    return pad_ids <= {None, pad_id} and any(parse_id(get_value(site, "id")) == site_id for site in sites)
