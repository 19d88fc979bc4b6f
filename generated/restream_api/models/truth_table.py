# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

import pydantic

from ..types import Model
from .truth_table_schema import TruthTableSchema


class TruthTable(Model):
    """Which conditions of the valves mean which state."""

    id: int
    """Id of the table."""
    name: str
    """Name of the table."""
    description: str | None = None
    """What the table is for."""
    schema_: TruthTableSchema | None = pydantic.Field(
        default=None, validation_alias="schema", serialization_alias="schema"
    )
    """The table."""
