# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

import pydantic

from ..types import Model
from .condition_logic_schema import ConditionLogicSchema


class ConditionLogicSet(Model):
    """How a sensor's values become the condition of its valve."""

    id: int
    """Id of the set."""
    name: str
    """Name of the set."""
    description: str | None = None
    """What the set is for."""
    schema_: ConditionLogicSchema | None = pydantic.Field(
        default=None, validation_alias="schema", serialization_alias="schema"
    )
    """The rules."""
