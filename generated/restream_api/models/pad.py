# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from pydantic import AwareDatetime

from ..types import Model
from .simops_config import SimopsConfig


class Pad(Model):
    """A drilling pad, a group of wells that are completed together."""

    id: int
    """Id of the pad."""
    name: str
    """Name of the pad."""
    lease_name: str
    """Name of the mineral lease that the pad lies on."""
    customer_name: str
    """Name of the customer whose pad it is."""
    simops_config: SimopsConfig | None
    """How simultaneous operations run on the pad; null without them."""
    completion_date: AwareDatetime | None
    """When the completion was finished, UTC; null while it goes on."""
    wireline_enabled: bool
    """Whether wireline data is taken."""
    coil_tubing_enabled: bool | None = None
    """Whether coiled-tubing data is taken."""
