"""The measurement sources of a pad, and those of them that are attached to a site."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from datastore_sdk.entities.resource import answer_to
from datastore_sdk.transport.calls.exchange import Flow
from datastore_sdk.transport.json_body import is_array, is_object
from datastore_sdk.transport.lenient import read_object
from restream_api.api.pads import get_pad, list_pads
from restream_api.api.sites import get_site
from restream_api.models import MeasurementSource, MeasurementSources, Pad
from restream_api.types import Model

_KINDS = ("frac", "wl", "fluid", "pumpdown")


def sources_of_pad(pad_id: int, *, as_dict: bool) -> Flow[MeasurementSources | dict[str, Any]]:
    """All sources of a pad."""
    return _kinds((yield from answer_to(get_pad(pad_id), as_dict=as_dict)), as_dict=as_dict)


def sources_of_site(site_id: int, *, as_dict: bool) -> Flow[MeasurementSources | dict[str, Any]]:
    """The sources of the site's pad that are attached to the site."""
    pads = yield from answer_to(list_pads(site_pk=site_id), as_dict=as_dict)
    if not pads:
        yield from get_site(site_id)  # which says so, if there is no such site, or none that may be seen
    sources = _kinds(pads[0] if pads else {}, as_dict=as_dict)
    attached = {name: [each for each in of_kind if _is_attached(site_id, each)] for name, of_kind in sources.items()}
    return attached if as_dict else MeasurementSources.model_validate(attached)


def _kinds(pad: Pad | dict[str, Any], *, as_dict: bool) -> MeasurementSources | dict[str, Any]:
    """The sources of a pad by kind, those of kinds that the contract does not know too."""
    config = pad.get("simops_config")
    sources: Any = config.get("measurement_sources") if isinstance(config, Model) or is_object(config) else None
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
                found.append(read_object(MeasurementSource, item).value)
    return found


def _is_attached(site_id: int, source: Any) -> bool:
    sites = source.get("attached_sites") if isinstance(source, MeasurementSource) or is_object(source) else None
    return is_array(sites) and site_id in sites
