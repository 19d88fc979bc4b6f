# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model
from .data_change import DataChange


class ChangeLog(Model):
    """Corrections of historical data."""

    change_log: list[DataChange]
    """The changes."""
