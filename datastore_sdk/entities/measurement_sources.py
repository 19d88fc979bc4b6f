"""Measurement sources of pads and sites."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from datastore_sdk._io.json_body import is_array, is_object, parse_id
from datastore_sdk._io.tolerant_parser import parse_object
from datastore_sdk.client import Client
from datastore_sdk.entities.matching import check_object, get_value, has_id
from datastore_sdk.entities.resource import fetch_response
from datastore_sdk.entities.site_membership import find_pad_id
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.pads import get_pad
from restream_api.models import MeasurementSource, MeasurementSources
from restream_api.types import Model

_KINDS = ("frac", "wl", "fluid", "pumpdown")


def fetch_pad_sources(client: Client, pad_id: int, *, as_dict: bool) -> Flow[MeasurementSources | dict[str, Any]]:
    """Fetch all measurement sources of a pad.

    Raises:
        ObjectMismatchError: The service returned another pad.
    """
    operation = get_pad(pad_id)
    pad = yield from fetch_response(operation, as_dict=as_dict)
    check_object(pad, [has_id("id", pad_id)], operation, client)
    return _group_sources(pad, as_dict=as_dict)


def fetch_site_sources(
    client: Client, site_id: int, known_pad_id: int | None, *, as_dict: bool
) -> Flow[MeasurementSources | dict[str, Any]]:
    """Fetch the measurement sources of the site's pad that are attached to the site.

    Raises:
        ObjectMismatchError: The site's pad is uncertain.
    """
    pad_id = yield from find_pad_id(client, site_id, known_pad_id)
    if pad_id is None:
        return _group_sources({}, as_dict=as_dict)
    sources = yield from fetch_pad_sources(client, pad_id, as_dict=as_dict)
    attached = {
        name: [each for each in of_kind if site_id in _get_attached_sites(each)] for name, of_kind in sources.items()
    }
    return attached if as_dict else MeasurementSources.model_validate(attached)


def get_attached_site_ids(pad: Model) -> frozenset[int]:
    """Return the ids of the sites attached to the pad's sources; empty if the pad is not loaded."""
    kinds = _group_sources(pad, as_dict=True)
    return frozenset(site for of_kind in kinds.values() for each in of_kind for site in _get_attached_sites(each))


def _group_sources(pad: Model | dict[str, Any], *, as_dict: bool) -> MeasurementSources | dict[str, Any]:
    """Return the sources of a pad by kind, including kinds that the contract does not declare."""
    sources = get_value(pad, "simops_config.measurement_sources")
    kinds: dict[str, Any] = dict.fromkeys(_KINDS, ())
    kinds.update(sources.items() if isinstance(sources, MeasurementSources) or is_object(sources) else ())
    lists: dict[str, list[Any]] = {name: [*each] if is_array(each) else [] for name, each in kinds.items()}
    if as_dict:
        return lists
    return MeasurementSources.model_validate({name: _parse_sources(of_kind) for name, of_kind in lists.items()})


def _parse_sources(of_kind: list[Any]) -> list[MeasurementSource]:
    found: list[MeasurementSource] = []
    for item in of_kind:
        if isinstance(item, MeasurementSource):
            found.append(item)
        elif is_object(item):  # of a kind that the contract does not declare
            with suppress(ValidationError):
                found.append(parse_object(MeasurementSource, item).value)
    return found


def _get_attached_sites(source: object) -> set[int]:
    sites = get_value(source, "attached_sites")
    ids = map(parse_id, sites if is_array(sites) else ())
    return {site for site in ids if site is not None}
