"""The measurement sources of a pad, and those of them that are attached to a site."""

from __future__ import annotations

from datastore_sdk.entities.matching import check_object, has_id
from datastore_sdk.entities.pad_sites import pad_id_of_site
from datastore_sdk.transport import Client
from datastore_sdk.transport.calls.exchange import Flow
from restream_api.api.pads import get_pad
from restream_api.models import MeasurementSource, MeasurementSources, Pad


def sources_of_pad(client: Client, pad_id: int) -> Flow[MeasurementSources]:
    """All sources of a pad.

    Raises:
        ObjectMismatchError: The service answered with another pad.
    """
    operation = get_pad(pad_id)
    pad = yield from operation
    check_object(pad, [has_id("id", pad_id)], operation, client)
    return _sources(pad)


def sources_of_site(client: Client, site_id: int, known_pad_id: int | None) -> Flow[MeasurementSources]:
    """The sources of the site's pad that are attached to the site.

    Raises:
        ObjectMismatchError: The site's pad cannot be told for certain.
    """
    pad_id = yield from pad_id_of_site(client, site_id, known_pad_id)
    sources = _none() if pad_id is None else (yield from sources_of_pad(client, pad_id))
    return MeasurementSources(**{name: _attached(site_id, of_kind) for name, of_kind in sources.items()})


def _sources(pad: Pad) -> MeasurementSources:
    return pad.simops_config.measurement_sources if pad.simops_config else _none()


def _none() -> MeasurementSources:
    return MeasurementSources(frac=[], wl=[], fluid=[], pumpdown=[])


def _attached(site_id: int, sources: list[MeasurementSource]) -> list[MeasurementSource]:
    return [source for source in sources if site_id in source.attached_sites]
