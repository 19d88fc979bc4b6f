# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .measurement_sources import MeasurementSources


class SimopsConfig(Model):
    """How simultaneous operations run on a pad."""

    frac: str | None
    """Mode of the frac measurements, such as `run`; null when there are none."""
    wireline: str | None
    """Mode of the wireline measurements; null when there are none."""
    pumpdown: str | None
    """Mode of the pumpdown measurements; null when there are none."""
    fluid: str | None
    """Mode of the fluid measurements; null when there are none."""
    measurement_sources: MeasurementSources
    """The measurement sources, by kind."""
    exc_fields: list[str]
    """Names of fields that belong to no measurement source and are not routed to sites."""
