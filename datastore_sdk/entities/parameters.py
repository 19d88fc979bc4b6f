"""Definitions of the stage aggregations, which the service calls parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from datastore_sdk.checks import checked_id
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.transport.calls.exchange import Flow
from restream_api.models import NewParameter, Parameter, ParameterPatch, ParameterReplacement, ParametersValid
from restream_api.types import Json, Operation

_CREATED: Json[list[Parameter] | ParametersValid] = Json(list[Parameter])
_VALID: Json[list[Parameter] | ParametersValid] = Json(ParametersValid)


@cache
def _new_parameters() -> TypeAdapter[list[NewParameter]]:
    """Built on first use, which takes long."""
    return TypeAdapter(list[NewParameter])


def get_parameter(endpoints: Endpoints, id: int, aggregation_id: int) -> Operation[Parameter]:
    """One definition."""
    return endpoints.get_parameter(id, checked_id(aggregation_id, "aggregation_id"))


def create_parameters(
    endpoints: Endpoints, id: int, aggregations: Sequence[Mapping[str, Any]], *, validate_only: bool
) -> Operation[list[Parameter] | ParametersValid]:
    """New definitions; checked here before the service sees them."""
    body = _new_parameters().validate_python(list(aggregations))
    operation = endpoints.create_parameters(id, body=body, validate_only=validate_only or None)
    return operation.with_parse(_VALID if validate_only else _CREATED)


def update_parameter(
    endpoints: Endpoints, id: int, aggregation_id: int, aggregation: Mapping[str, Any], *, partial: bool
) -> Flow[Parameter]:
    """A definition with some of its attributes changed, or with all of them replaced."""
    aggregation_id = checked_id(aggregation_id, "aggregation_id")
    if partial:
        operation = endpoints.update_parameter(id, aggregation_id, body=ParameterPatch.model_validate(aggregation))
    else:
        body = ParameterReplacement.model_validate(aggregation)
        operation = endpoints.replace_parameter(id, aggregation_id, body=body)
    changed = yield from operation
    if "id" not in changed:
        changed.id = aggregation_id
    return changed


def delete_parameter(endpoints: Endpoints, id: int, aggregation_id: int) -> Operation[None]:
    """Removes a definition."""
    return endpoints.delete_parameter(id, checked_id(aggregation_id, "aggregation_id"))
