# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .component_type import ComponentType


class Component(Model):
    """A sensor."""

    id: int
    """Id of the sensor."""
    component_type: ComponentType | None = None
    """Its type."""
    serial_number: str | None = None
    """Its serial number."""
    component_type_name: str | None = None
    """Name of its type, such as `stem_indicator`."""
    valve_safety_buffer_limit: int | float | None = None
    """How near to its end position a valve must come to count as there."""
