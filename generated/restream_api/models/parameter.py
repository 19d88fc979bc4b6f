# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from pydantic import AwareDatetime

from ..types import Model
from .parameter_config import ParameterConfig


class Parameter(Model):
    """The definition of a stage aggregation, a number computed for each stage."""

    id: int
    """Id of the definition."""
    name: str
    """Name of the aggregation, such as `avg_slurry_rate`."""
    config: ParameterConfig
    """How the number is computed."""
    type: Literal["D", "C"] | str
    """`D` for the service's own (default), `C` for custom ones."""
    label: str | None
    """Name of the aggregation for people."""
    color: str | None
    """Colour in plots, `#RRGGBB`."""
    description: str | None
    """What the number means."""
    created_at: AwareDatetime
    """When the definition was created, UTC."""
    updated_at: AwareDatetime
    """When the definition last changed, UTC."""
    units: int | None
    """Id of the unit that the number is given in; null when it follows the field."""
    imperial_unit: int | None
    """Id of the imperial unit."""
    si_unit: int | None
    """Id of the SI unit."""
    pads: list[int]
    """Ids of the pads that it is computed for."""
