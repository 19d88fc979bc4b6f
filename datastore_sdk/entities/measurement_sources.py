"""The measurement sources of a pad, and those of them that are attached to a site."""

from __future__ import annotations

from datastore_sdk.transport.calls.exchange import Flow
from restream_api.api.pads import get_pad, list_pads
from restream_api.api.sites import get_site
from restream_api.models import MeasurementSource, MeasurementSources, Pad


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
    return pad.simops_config.measurement_sources if pad.simops_config else _none()


def _none() -> MeasurementSources:
    return MeasurementSources(frac=[], wl=[], fluid=[], pumpdown=[])


def _attached(site_id: int, sources: list[MeasurementSource]) -> list[MeasurementSource]:
    return [source for source in sources if site_id in source.attached_sites]
