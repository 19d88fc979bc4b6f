# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal, TypeAlias

ResolutionAggregation: TypeAlias = Literal["min", "max", "mean"]
"""How the measurements within one interval of the resolution become one value."""
