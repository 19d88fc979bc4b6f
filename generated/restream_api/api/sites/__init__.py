# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""Wells, and what is known of one of them."""

from .acknowledge_site_data_changes import acknowledge_site_data_changes
from .create_site_parameters import create_site_parameters
from .delete_site_parameter import delete_site_parameter
from .get_site import get_site
from .get_site_data_change import get_site_data_change
from .get_site_parameter import get_site_parameter
from .list_site_data_changes import list_site_data_changes
from .list_site_fields import list_site_fields
from .list_site_parameters import list_site_parameters
from .list_site_stage_aggregations import list_site_stage_aggregations
from .list_site_stages import list_site_stages
from .list_sites import list_sites
from .replace_site_parameter import replace_site_parameter
from .stream_site_data import stream_site_data
from .update_site_parameter import update_site_parameter

__all__ = (
    "acknowledge_site_data_changes",
    "create_site_parameters",
    "delete_site_parameter",
    "get_site",
    "get_site_data_change",
    "get_site_parameter",
    "list_site_data_changes",
    "list_site_fields",
    "list_site_parameters",
    "list_site_stage_aggregations",
    "list_site_stages",
    "list_sites",
    "replace_site_parameter",
    "stream_site_data",
    "update_site_parameter",
)
