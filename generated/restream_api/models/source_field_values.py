# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import TypeAlias

from .field_value import FieldValue

SourceFieldValues: TypeAlias = dict[str, FieldValue]
"""Values of primary fields of one measurement source, by field."""
