# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from ..types import Model


class Acknowledgement(Model, extra="forbid"):
    """The word that one correction was received."""

    id: int
    """Id of the change."""
    update_received: Literal[True]
    """That the corrected data was received."""
