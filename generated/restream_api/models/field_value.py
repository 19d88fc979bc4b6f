# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class FieldValue(Model):
    """The value of a field at a moment."""

    value: int | float | str | bool | None
    """The value."""
    timestamp: int | None
    """The moment, in unix seconds."""
