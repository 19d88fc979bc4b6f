# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .parameter_condition import ParameterCondition


class ParameterConfig(Model):
    """How a stage aggregation is computed."""

    field: str
    """Name of the field that is aggregated."""
    aggregation: str
    """How, such as `average`."""
    si_unit: str | None = None
    """SI unit of the field."""
    base_unit: str | None = None
    """Unit that the field is stored in."""
    imperial_unit: str | None = None
    """Imperial unit of the field."""
    conditions: list[ParameterCondition] | None = None
    """Which records count; all must hold."""
