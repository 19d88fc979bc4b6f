# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""Drilling pads, and what is known of all sites on one of them."""

from .acknowledge_pad_data_changes import acknowledge_pad_data_changes
from .create_pad_parameters import create_pad_parameters
from .delete_pad_parameter import delete_pad_parameter
from .get_pad import get_pad
from .get_pad_data_change import get_pad_data_change
from .get_pad_parameter import get_pad_parameter
from .list_pad_data_changes import list_pad_data_changes
from .list_pad_fields import list_pad_fields
from .list_pad_parameters import list_pad_parameters
from .list_pad_stage_aggregations import list_pad_stage_aggregations
from .list_pad_stages import list_pad_stages
from .list_pads import list_pads
from .replace_pad_parameter import replace_pad_parameter
from .stream_pad_data import stream_pad_data
from .update_pad_parameter import update_pad_parameter

__all__ = (
    "acknowledge_pad_data_changes",
    "create_pad_parameters",
    "delete_pad_parameter",
    "get_pad",
    "get_pad_data_change",
    "get_pad_parameter",
    "list_pad_data_changes",
    "list_pad_fields",
    "list_pad_parameters",
    "list_pad_stage_aggregations",
    "list_pad_stages",
    "list_pads",
    "replace_pad_parameter",
    "stream_pad_data",
    "update_pad_parameter",
)
