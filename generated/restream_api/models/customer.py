# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class Customer(Model):
    """A customer of the service."""

    id: int
    """Id of the customer."""
    name: str
    """Name of the customer."""
