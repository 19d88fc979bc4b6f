# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

import pydantic

from ..types import Model


class StageAggregations(Model):
    """The numbers computed for one stage, by the names that `/parameters/` lists."""

    id: int
    """Id of the stage."""

    __pydantic_extra__: dict[str, int | float | None] = pydantic.Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]
