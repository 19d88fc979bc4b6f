# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class MeasurementLocation(Model):
    """A place on the wellhead that a sensor sits on."""

    id: int
    """Id of the place."""
    name: str
    """Name of the place, such as `swab_valve`."""
    location: str | None = None
    """The place in words."""
    description: str | None = None
    """More about the place."""
