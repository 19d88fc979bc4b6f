# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .customer import Customer
from .simops_config import SimopsConfig


class StatePad(Model):
    """The pad of a state's site, in short."""

    id: int
    """Id of the pad."""
    name: str
    """Name of the pad."""
    customer: Customer | None = None
    """The customer whose pad it is."""
    simops_config: SimopsConfig | None = None
    """How simultaneous operations run on the pad; null without them."""
