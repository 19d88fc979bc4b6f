"""The operations that pads and sites have in common, so that shared logic is written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from restream_api.api import pads, sites
from restream_api.models import (
    AggregationsBySite,
    ChangeLog,
    Field,
    Parameter,
    ParametersValid,
    Stage,
)
from restream_api.types import Operation


class Endpoints(Struct, frozen=True):
    """The operations of pads or of sites. The first argument of each is the id."""

    source: Literal["pad", "site"]
    list_fields: Callable[[int], Operation[list[Field]]]
    list_stages: Callable[..., Operation[list[Stage]]]
    list_stage_aggregations: Callable[..., Operation[AggregationsBySite]]
    list_data_changes: Callable[..., Operation[ChangeLog]]
    list_parameters: Callable[[int], Operation[list[Parameter]]]
    create_parameters: Callable[..., Operation[list[Parameter] | ParametersValid]]
    get_parameter: Callable[[int, int], Operation[Parameter]]
    replace_parameter: Callable[..., Operation[Parameter]]
    update_parameter: Callable[..., Operation[Parameter]]
    delete_parameter: Callable[[int, int], Operation[None]]


PAD_ENDPOINTS = Endpoints(
    "pad",
    pads.list_pad_fields,
    pads.list_pad_stages,
    pads.list_pad_stage_aggregations,
    pads.list_pad_data_changes,
    pads.list_pad_parameters,
    pads.create_pad_parameters,
    pads.get_pad_parameter,
    pads.replace_pad_parameter,
    pads.update_pad_parameter,
    pads.delete_pad_parameter,
)
SITE_ENDPOINTS = Endpoints(
    "site",
    sites.list_site_fields,
    sites.list_site_stages,
    sites.list_site_stage_aggregations,
    sites.list_site_data_changes,
    sites.list_site_parameters,
    sites.create_site_parameters,
    sites.get_site_parameter,
    sites.replace_site_parameter,
    sites.update_site_parameter,
    sites.delete_site_parameter,
)
