# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class ComponentType(Model):
    """A type of sensor."""

    id: int
    """Id of the type."""
    name: str
    """Name of the type, such as `stem_indicator`."""
    description: str | None = None
    """What the sensor is."""
