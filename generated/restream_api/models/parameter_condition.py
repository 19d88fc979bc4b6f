# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class ParameterCondition(Model):
    """A condition on the records that are aggregated."""

    field: str
    """Name of the field that is compared."""
    operator: str
    """How it is compared: `greater_than`, `greater_than_or_equal`, `less_than`, ..."""
    value: int | float
    """What it is compared with, in `base_unit`."""
    si_unit: str | None = None
    """SI unit of the field."""
    base_unit: str | None = None
    """Unit that the field is stored in."""
    imperial_unit: str | None = None
    """Imperial unit of the field."""
