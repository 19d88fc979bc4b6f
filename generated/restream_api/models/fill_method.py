# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal, TypeAlias

FillMethod: TypeAlias = Literal["bfill", "ffill"]
"""How gaps in 1-second data are filled: with the next known value (`bfill`) or the last one (`ffill`)."""
