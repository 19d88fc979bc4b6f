# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import TypeAlias

Record: TypeAlias = dict[str, int | float | str | bool | None]
"""One moment's measurements, by field name. The string `Infinity` stands for a missing number."""
