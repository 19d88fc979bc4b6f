"""Index from the operations, parameters and schemas of the OpenAPI document to public names of the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from inspect import signature
from typing import Any, Final

from pydantic import BaseModel

import datastore_sdk
import restream_api.models

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Data.save()": ("list_pad_fields", "list_site_fields"),
    "Data.to_arrow()": ("list_pad_fields", "list_site_fields"),
    "DataAsync.asave()": ("list_pad_fields", "list_site_fields"),
    "DataAsync.ato_arrow()": ("list_pad_fields", "list_site_fields"),
    "DataChange.confirm_data_received()": ("acknowledge_site_data_changes",),
    "DataChange.get_data()": ("stream_site_data",),
    "DataChange.update()": ("get_site_data_change",),
    "Pad.create_stages_aggregations()": ("create_pad_parameters",),
    "Pad.delete_stages_aggregation()": ("delete_pad_parameter",),
    "Pad.get_data()": ("stream_pad_data",),
    "Pad.get_data_changes()": ("list_pad_data_changes",),
    "Pad.get_fields_metadata()": ("list_pad_fields",),
    "Pad.get_measurement_sources_metadata()": ("get_pad",),
    "Pad.get_model()": ("get_pad",),
    "Pad.get_models()": ("get_site", "list_pads"),
    "Pad.get_realtime_measurements_data()": ("list_pad_fields", "stream_pad_data"),
    "Pad.get_schema()": ("list_pad_fields", "list_sites", "stream_pad_data"),
    "Pad.get_sites()": ("list_sites",),
    "Pad.get_stages_aggregation()": ("get_pad_parameter",),
    "Pad.get_stages_aggregations()": ("list_pad_parameters",),
    "Pad.get_stages_metadata()": ("list_pad_stage_aggregations", "list_pad_stages"),
    "Pad.get_states()": ("list_states",),
    "Pad.monitor_states()": ("list_states",),
    "Pad.update()": ("get_pad",),
    "Pad.update_stages_aggregation()": ("replace_pad_parameter", "update_pad_parameter"),
    "Plan.of()": ("get_site", "list_site_fields", "list_sites", "stream_site_data"),
    "Site.create_stages_aggregations()": ("create_site_parameters",),
    "Site.delete_stages_aggregation()": ("delete_site_parameter",),
    "Site.get_data()": ("stream_site_data",),
    "Site.get_data_changes()": ("list_site_data_changes",),
    "Site.get_fields_metadata()": ("list_site_fields",),
    "Site.get_measurement_sources_metadata()": ("get_pad", "get_site"),
    "Site.get_model()": ("get_site",),
    "Site.get_models()": ("list_sites",),
    "Site.get_pad()": ("get_pad", "get_site"),
    "Site.get_realtime_measurements_data()": ("list_site_fields", "stream_site_data"),
    "Site.get_schema()": ("get_site", "list_site_fields", "stream_site_data"),
    "Site.get_stages_aggregation()": ("get_site_parameter",),
    "Site.get_stages_aggregations()": ("list_site_parameters",),
    "Site.get_stages_metadata()": ("list_site_stage_aggregations", "list_site_stages"),
    "Site.get_state()": ("list_states",),
    "Site.monitor_state()": ("list_states",),
    "Site.update()": ("get_site",),
    "Site.update_stages_aggregation()": ("replace_site_parameter", "update_site_parameter"),
    "Stage.get_data()": ("stream_site_data",),
    "Stage.plot()": ("get_site", "list_site_fields", "list_site_stages", "list_site_data_changes", "stream_site_data"),
    "Site.plot()": ("get_site", "list_site_fields", "list_site_stages", "list_site_data_changes", "stream_site_data"),
    "Stage.picks()": ("list_site_stage_aggregations", "list_site_stages", "list_site_fields", "stream_site_data"),
    "State.get_model()": ("get_state",),
    "State.get_models()": ("list_states",),
    "State.update()": ("get_state",),
}
"""The operations that each public method calls; its async form calls the same.

The operation of a download is listed at the method that returns the `Data`. Methods that consume `Data` list only
further operations. tests/drift/test_api_index.py compares this table with the requests of each method.
"""


def methods_of(operation_id: str) -> list[str]:
    """Return the public methods that call an operation, such as `Pad.get_models()`."""
    return [method for method, operations in OPERATIONS.items() if operation_id in operations]


def arguments_of(operation_id: str, parameter: str) -> list[str]:
    """Return the public arguments with the name of a parameter; the methods, if no argument has it."""
    arguments = [
        f"{method[:-1]}{parameter}=)" for method in methods_of(operation_id) if parameter in _argument_names(method)
    ]
    return arguments or methods_of(operation_id)


def attribute_of(schema: str, key: str) -> str | None:
    """Return the public attribute for a property of a schema, such as `Pad.name`; None if the SDK has none."""
    model: Any = getattr(restream_api.models, schema, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    names = {field.serialization_alias or name: name for name, field in model.model_fields.items()}
    return f"{schema}.{names[key]}" if key in names else None


def model_of(schema: str) -> str | None:
    """Return the public class for a schema; None if the SDK has none."""
    return schema if hasattr(restream_api.models, schema) else None


@cache
def _argument_names(method: str) -> frozenset[str]:
    owner, name = method.removesuffix("()").split(".")
    return frozenset(signature(getattr(getattr(datastore_sdk, owner), name)).parameters)
