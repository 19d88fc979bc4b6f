# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class Fleet(Model):
    """A frac fleet, the equipment and crew that fractures stages."""

    id: int
    """Id of the fleet."""
    name: str
    """Name of the fleet."""
