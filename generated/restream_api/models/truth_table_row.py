# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from ..types import Model


class TruthTableRow(Model):
    """One row of a truth table."""

    state: (
        Literal["frac_frac", "standby_standby", "wl_onsurface", "wl_pullingoutofhole", "wl_runinhole"] | str | None
    ) = None
    """The state that the row means, such as `frac_frac`."""
    conditions: list[str] | None = None
    """A condition for each place; places at the end can be left out, when they may be in any."""
