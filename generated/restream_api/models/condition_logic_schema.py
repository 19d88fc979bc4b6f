# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .condition_logic import ConditionLogic


class ConditionLogicSchema(Model):
    """Rules tried in order, of which the first that holds gives the condition."""

    default_state: str | None = None
    """The condition when no rule holds."""
    condition_logics: list[ConditionLogic] | None = None
    """The rules, in order."""
