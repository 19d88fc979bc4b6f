# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import TypeAlias

from .field_value import FieldValue
from .source_field_values import SourceFieldValues

PrimaryFieldValues: TypeAlias = dict[str, FieldValue | SourceFieldValues]
"""Values of primary fields, by measurement source and field."""
