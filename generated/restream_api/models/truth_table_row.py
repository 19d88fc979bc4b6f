# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class TruthTableRow(Model):
    """One row of a truth table."""

    state: str | None = None
    """The state that the row means, such as `frac_frac`."""
    conditions: list[str] | None = None
    """A condition for each place; places at the end can be left out, when they may be in any."""
