# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Any

from pydantic import AwareDatetime

from ..types import Model
from .component import Component
from .condition_logic_set import ConditionLogicSet
from .measurement_location import MeasurementLocation


class ComponentConfiguration(Model):
    """One sensor on a site, and how its values are read."""

    id: int
    """Id of the configuration."""
    component: Component
    """The sensor."""
    measurement_location: MeasurementLocation
    """The valve that it sits on."""
    condition_logic_set: ConditionLogicSet | None = None
    """How its values become a condition."""
    current_state: str | None = None
    """Condition of the valve: `O` open, `C` closed, `N` not known."""
    date_created: AwareDatetime | None = None
    """When the configuration was written, UTC."""
    last_state_update: AwareDatetime | None = None
    """Since when the condition lasts, UTC."""
    last_updated: AwareDatetime | None = None
    """When the sensor's value last came in, UTC."""
    pumpdown_sim_valve: Any = None
    """The valve that stands in for this one during pumpdown."""
    downhole_sim_valve: Any = None
    """The valve that stands in for this one downhole."""
    field_name: str | None = None
    """Name of the field that the value is taken from."""
    last_value: str | int | float | None = None
    """The sensor's last value, in its own unit."""
    inactivity_threshold: int | float | None = None
    """Seconds without a value after which the sensor counts as silent."""
