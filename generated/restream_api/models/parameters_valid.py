# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class ParametersValid(Model):
    """The word that definitions are valid."""

    valid: bool
    """Whether the definitions are valid."""
