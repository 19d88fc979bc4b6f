# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class ConditionLogic(Model):
    """One rule that turns a sensor's value into a condition."""

    type: str | None = None
    """Kind of rule, such as `SimpleConditionLogicSchema`."""
    operator: str | None = None
    """How the value is compared, such as `<` or `>`."""
    comparison_value: str | int | float | None = None
    """What the value is compared with, in the sensor's unit."""
    resulting_condition: str | None = None
    """The condition when the rule holds: `O`, `C` or `N`."""
