"""The measurement sources of a pad, and those of them that are attached to a site."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from datastore_sdk._io.json_body import is_array, is_object, parse_id
from datastore_sdk._io.tolerant_parser import parse_object
from datastore_sdk.client import Client
from datastore_sdk.entities.matching import carried, check_object, has_id
from datastore_sdk.entities.pad_sites import pad_id_of_site
from datastore_sdk.entities.resource import answer_to
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.pads import get_pad
from restream_api.models import MeasurementSource, MeasurementSources, Pad

_KINDS = ("frac", "wl", "fluid", "pumpdown")


def sources_of_pad(client: Client, pad_id: int, *, as_dict: bool) -> Flow[MeasurementSources | dict[str, Any]]:
    """All sources of a pad.

    Raises:
        ObjectMismatchError: The service answered with another pad.
    """
    operation = get_pad(pad_id)
    pad = yield from answer_to(operation, as_dict=as_dict)
    check_object(pad, [has_id("id", pad_id)], operation, client)
    return _kinds(pad, as_dict=as_dict)


def sources_of_site(
    client: Client, site_id: int, known_pad_id: int | None, *, as_dict: bool
) -> Flow[MeasurementSources | dict[str, Any]]:
    """The sources of the site's pad that are attached to the site.

    Raises:
        ObjectMismatchError: The site's pad cannot be told for certain.
    """
    pad_id = yield from pad_id_of_site(client, site_id, known_pad_id)
    if pad_id is None:
        return _kinds({}, as_dict=as_dict)
    sources = yield from sources_of_pad(client, pad_id, as_dict=as_dict)
    attached = {
        name: [each for each in of_kind if site_id in _attached_sites(each)] for name, of_kind in sources.items()
    }
    return attached if as_dict else MeasurementSources.model_validate(attached)


def sites_of_sources(pad: Pad) -> frozenset[int]:
    """Ids of the sites that the sources of a pad are attached to; none where the pad is not loaded."""
    kinds = _kinds(pad, as_dict=True)
    return frozenset(site for of_kind in kinds.values() for each in of_kind for site in _attached_sites(each))


def _kinds(pad: Pad | dict[str, Any], *, as_dict: bool) -> MeasurementSources | dict[str, Any]:
    """The sources of a pad by kind, those of kinds that the contract does not know too."""
    sources = carried(pad, "simops_config.measurement_sources")
    kinds: dict[str, Any] = dict.fromkeys(_KINDS, ())
    kinds.update(sources.items() if isinstance(sources, MeasurementSources) or is_object(sources) else ())
    lists: dict[str, list[Any]] = {name: [*each] if is_array(each) else [] for name, each in kinds.items()}
    if as_dict:
        return lists
    return MeasurementSources.model_validate({name: _objects(of_kind) for name, of_kind in lists.items()})


def _objects(of_kind: list[Any]) -> list[MeasurementSource]:
    found: list[MeasurementSource] = []
    for item in of_kind:
        if isinstance(item, MeasurementSource):
            found.append(item)
        elif is_object(item):  # of a kind that the contract does not know
            with suppress(ValidationError):
                found.append(parse_object(MeasurementSource, item).value)
    return found


def _attached_sites(source: object) -> set[int]:
    sites = carried(source, "attached_sites")
    ids = map(parse_id, sites if is_array(sites) else ())
    return {site for site in ids if site is not None}
