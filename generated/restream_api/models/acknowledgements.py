# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .acknowledgement import Acknowledgement


class Acknowledgements(Model, extra="forbid"):
    """Corrections that a client has received."""

    change_log: list[Acknowledgement]
    """The changes."""
