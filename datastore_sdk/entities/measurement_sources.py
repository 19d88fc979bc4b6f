"""The measurement sources of a pad, and those of them that are attached to a site."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from pydantic import ValidationError

from datastore_sdk.transport.calls.exchange import Flow
from datastore_sdk.transport.lenient import read_object
from restream_api.api.pads import get_pad, list_pads
from restream_api.api.sites import get_site
from restream_api.models import MeasurementSource, MeasurementSources, Pad
from restream_api.types import Model


def sources_of_pad(pad_id: int) -> Flow[MeasurementSources]:
    """All sources of a pad."""
    return _sources((yield from get_pad(pad_id)))


def sources_of_site(site_id: int) -> Flow[MeasurementSources]:
    """The sources of the site's pad that are attached to the site."""
    pads = yield from list_pads(site_pk=site_id)
    if not pads:
        yield from get_site(site_id)  # which says so, if there is no such site, or none that may be seen
    sources = _sources(pads[0]) if pads else _none()
    return MeasurementSources(**{name: _attached(site_id, of_kind) for name, of_kind in sources.items()})


def _sources(pad: Pad) -> MeasurementSources:
    """The sources of a pad by kind, those of kinds that the contract does not know too."""
    config = pad.get("simops_config")
    sources = config.get("measurement_sources") if isinstance(config, Model) else None
    if not isinstance(sources, MeasurementSources):
        return _none()
    kinds = {**_none(), **sources}
    return MeasurementSources.model_validate({name: _objects(of_kind) for name, of_kind in kinds.items()})


def _objects(of_kind: object) -> list[MeasurementSource]:
    if not isinstance(of_kind, list):
        return []
    found: list[MeasurementSource] = []
    for item in cast("list[object]", of_kind):
        if isinstance(item, MeasurementSource):
            found.append(item)
        elif isinstance(item, dict):  # of a kind that the contract does not know
            with suppress(ValidationError):
                found.append(read_object(MeasurementSource, cast("dict[str, Any]", item)).value)
    return found


def _none() -> MeasurementSources:
    return MeasurementSources(frac=[], wl=[], fluid=[], pumpdown=[])


def _attached(site_id: int, sources: list[MeasurementSource]) -> list[MeasurementSource]:
    attached = ((source, source.get("attached_sites")) for source in sources)
    return [source for source, sites in attached if isinstance(sites, list) and site_id in sites]
