# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class MeasurementSource(Model):
    """A set of equipment whose measurements belong to one site at a time."""

    name: str
    """Name of the source, such as `M1`; the prefix of its fields in unrouted data."""
    label: str
    """Name of the source for people."""
    type: str
    """Kind of the source, such as `frac`, `wl`, `fluid` or `pumpdown`."""
    attached_sites: list[int]
    """Ids of the sites that the source can work on."""
    active_site: int | None
    """Id of the site that the source works on now; null for none."""
