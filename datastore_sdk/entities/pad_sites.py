"""Which pad a site lies on, and which sites lie on a pad: never a guess."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from datastore_sdk._io.json_body import is_array, parse_id
from datastore_sdk.client import Client
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.list_queries import ListQuery
from datastore_sdk.entities.matching import MatchRule, carried, check_object, has_id, matching, mismatch
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.resource import many
from datastore_sdk.exceptions import APIStatusError, ResponseValidationError
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.pads import list_pads
from restream_api.api.sites import get_site, list_sites

R = TypeVar("R", bound=Entity)
L = TypeVar("L", bound=list[Any])


def pad_id_of_site(client: Client, site_id: int, known: int | None = None) -> Flow[int | None]:
    """Return the id of the pad that a site lies on; None for a site on no pad.

    A site that does not say it is looked for on the pad that the service finds for it.

    Args:
        client: Who calls.
        site_id: Id of the site.
        known: The site's `pad_id`, where it is loaded.

    Raises:
        NotFoundError: There is no such site.
        ObjectMismatchError: The pad that the service finds cannot be confirmed to be the site's.
    """
    pad_id = known if known is not None else (yield from _pad_id_of(client, site_id))
    if pad_id is not None:
        return pad_id
    operation = list_pads(site_pk=site_id)
    found = yield from operation
    if not found:
        return None
    ids = {parse_id(carried(pad, "id")) for pad in found}
    candidate = ids.pop() if len(ids) == 1 else None
    if candidate is None or not (yield from _has_site(candidate, site_id)):
        problem = f"site {site_id} does not say on which pad it lies, and the {len(found)} pads found do not either"
        raise mismatch(problem, operation, client)
    return candidate


def many_pads(
    kind: type[R], client: Client, query: ListQuery, *, as_dict: bool
) -> Flow[ObjectList[R] | list[dict[str, Any]]]:
    """Return the pads of a list; with the filter `site_pk`, only the one that the site says it lies on.

    Raises:
        ObjectMismatchError: The site's pad cannot be told for certain.
    """
    pads = yield from many(kind, client, query, as_dict=as_dict)
    site_id = query.site_id
    if site_id is None or not pads:
        return pads
    pad_id = yield from pad_id_of_site(client, site_id)
    rule = MatchRule("id", f"the pad of site {site_id}", lambda value: parse_id(value) == pad_id)
    if as_dict:
        return matching(cast("list[dict[str, Any]]", pads), [rule], query.operation.name)
    return ObjectList(matching(cast("ObjectList[R]", pads), [rule], query.operation.name))


def of_sites(
    client: Client,
    pad_id: int,
    known_sites: frozenset[int],
    items: L,
    source: str,
) -> Flow[L]:
    """Return the objects of a pad, such as stages, whose `site` does not say that it lies on another pad.

    Args:
        client: Who calls.
        pad_id: Id of the pad.
        known_sites: Sites known to be on the pad; only others are asked. Empty: nothing is known, so none is.
        items: The objects.
        source: What returned them.
    """
    if not known_sites or not is_array(items):  # as_dict=True may be anything
        return items
    sites = dict.fromkeys(parse_id(carried(item, "site")) for item in items)
    foreign: set[int] = set()
    for site_id in sites:
        if site_id is None or site_id in known_sites:
            continue
        try:
            told = yield from _pad_id_of(client, site_id)
        except (APIStatusError, ResponseValidationError):  # what cannot be read says nothing
            continue
        if told not in {None, pad_id}:
            foreign.add(site_id)
    rule = MatchRule("site", f"a site of pad {pad_id}", lambda value: parse_id(value) not in foreign)
    return matching(items, [rule], source)


def _pad_id_of(client: Client, site_id: int) -> Flow[int | None]:
    """What a site says itself."""
    operation = get_site(site_id)
    site = yield from operation
    check_object(site, [has_id("id", site_id)], operation, client)
    return parse_id(carried(site, "pad_id"))


def _has_site(pad_id: int, site_id: int) -> Flow[bool]:
    """Whether the sites of a pad, and of no other pad, hold a site."""
    sites = yield from list_sites(pad_id=pad_id)
    told = {parse_id(carried(site, "pad_id")) for site in sites}
    return told <= {None, pad_id} and any(parse_id(carried(site, "id")) == site_id for site in sites)
