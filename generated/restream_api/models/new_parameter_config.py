# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .new_parameter_condition import NewParameterCondition


class NewParameterConfig(Model, extra="forbid"):
    """How a custom stage aggregation is to be computed."""

    field: str
    """Name of the field to aggregate."""
    aggregation: str
    """How, such as `average`."""
    si_unit: str | None = None
    """SI unit of the field; left out, the service fills it in."""
    base_unit: str | None = None
    """Unit that the field is stored in; left out, the service fills it in."""
    imperial_unit: str | None = None
    """Imperial unit of the field; left out, the service fills it in."""
    conditions: list[NewParameterCondition] | None = None
    """Which records count; all must hold."""
