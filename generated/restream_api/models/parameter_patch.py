# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .new_parameter_config import NewParameterConfig


class ParameterPatch(Model, extra="forbid"):
    """What changes in the definition of a custom stage aggregation."""

    config: NewParameterConfig | None = None
    """How the number is computed."""
    description: str | None = None
    """What the number means."""
    label: str | None = None
    """Name of the aggregation for people."""
    color: str | None = None
    """Colour in plots, `#RRGGBB`."""
