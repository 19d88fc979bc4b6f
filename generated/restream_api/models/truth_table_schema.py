# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .truth_table_row import TruthTableRow


class TruthTableSchema(Model):
    """Rows of conditions, of which the one that the valves show gives the state."""

    rows: list[TruthTableRow] | None = None
    """The rows."""
    conditions_order: list[str] | None = None
    """Names of the places on the wellhead, in the order of a row's conditions."""
