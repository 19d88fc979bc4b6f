# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class NewParameterCondition(Model, extra="forbid"):
    """A condition on the records to aggregate."""

    field: str
    """Name of the field to compare."""
    operator: str
    """How to compare it: `greater_than`, `greater_than_or_equal`, `less_than`, ..."""
    value: int | float
    """What to compare it with, in `base_unit`."""
    si_unit: str | None = None
    """SI unit of the field; left out, the service fills it in."""
    base_unit: str | None = None
    """Unit that the field is stored in; left out, the service fills it in."""
    imperial_unit: str | None = None
    """Imperial unit of the field; left out, the service fills it in."""
