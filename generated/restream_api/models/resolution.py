# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal, TypeAlias

Resolution: TypeAlias = Literal["raw", "ten-second", "minute", "ten-minute", "hour"]
"""The interval that one record stands for; `raw` is one second, as measured."""
