# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .measurement_source import MeasurementSource


class MeasurementSources(Model):
    """The measurement sources of a pad, by kind."""

    frac: list[MeasurementSource]
    """Sources of frac data."""
    wl: list[MeasurementSource]
    """Sources of wireline data."""
    fluid: list[MeasurementSource]
    """Sources of fluid data."""
    pumpdown: list[MeasurementSource]
    """Sources of pumpdown data."""
