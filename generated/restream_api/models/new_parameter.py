# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .new_parameter_config import NewParameterConfig


class NewParameter(Model, extra="forbid"):
    """A custom stage aggregation to define."""

    name: str
    """Name of the aggregation, of letters and underscores."""
    config: NewParameterConfig
    """How the number is computed."""
    description: str | None = None
    """What the number means."""
