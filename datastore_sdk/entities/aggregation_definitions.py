"""Definitions of stage aggregations. The service calls them parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from datastore_sdk._utils.validation import validate_flag, validate_id, validate_not_empty
from datastore_sdk.client import Client
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.matching import check_object, filter_matching, has_id
from datastore_sdk.entities.resource import fetch_response
from datastore_sdk.transport.executor.executor import Flow
from restream_api.models import NewParameter, Parameter, ParameterPatch, ParameterReplacement, ParametersValid
from restream_api.types import Json, Operation

_CREATED: Json[list[Parameter] | ParametersValid] = Json(list[Parameter])
_VALID: Json[list[Parameter] | ParametersValid] = Json(ParametersValid)


@cache
def _new_parameters() -> TypeAdapter[list[NewParameter]]:
    """Return the validator. It is built on first use, because building it is slow."""
    return TypeAdapter(list[NewParameter])


def get_parameter(
    endpoints: Endpoints, id: int, client: Client, aggregation_id: int | Parameter, *, as_dict: bool
) -> Flow[Parameter | dict[str, Any]]:
    """Fetch one definition.

    Raises:
        ObjectMismatchError: The service returned another definition.
    """
    parameter_id = _id_of(aggregation_id)
    return _fetch_parameter(endpoints.get_parameter(id, parameter_id), client, parameter_id, as_dict=as_dict)


def create_parameters(
    endpoints: Endpoints, id: int, aggregations: Sequence[Mapping[str, Any]], *, validate_only: bool
) -> Operation[list[Parameter] | ParametersValid]:
    """Validate new definitions and return the operation that creates them."""
    validate_not_empty(aggregations, "aggregations")
    body = _new_parameters().validate_python(list(aggregations))
    flag = validate_flag(validate_only, "validate_only")
    operation = endpoints.create_parameters(id, body=body, validate_only=flag or None)
    return operation.with_parse(_VALID if flag else _CREATED)


def update_parameter(
    endpoints: Endpoints, id: int, aggregation_id: int | Parameter, aggregation: Mapping[str, Any], *, partial: bool
) -> Flow[Parameter]:
    """Change some attributes of a definition, or replace all of them."""
    parameter_id = _id_of(aggregation_id)
    if not aggregation:
        raise ValueError("aggregation is empty: pass at least one attribute to change")
    if validate_flag(partial, "partial"):
        operation = endpoints.update_parameter(id, parameter_id, body=ParameterPatch.model_validate(aggregation))
    else:
        operation = endpoints.replace_parameter(id, parameter_id, body=ParameterReplacement.model_validate(aggregation))
    return _parse_changed_parameter(operation, parameter_id)


def delete_parameter(endpoints: Endpoints, id: int, aggregation_id: int | Parameter) -> Operation[None]:
    """Return the operation that deletes a definition."""
    return endpoints.delete_parameter(id, _id_of(aggregation_id))


def _id_of(aggregation_id: int | Parameter) -> int:
    return validate_id(aggregation_id, "aggregation_id", Parameter)


def _parse_changed_parameter(operation: Operation[Parameter], parameter_id: int) -> Flow[Parameter]:
    """Return the changed definition. It has only its id if the service returns nothing or another definition."""
    response: Parameter = yield from fetch_response(operation, as_dict=False)
    # The service has made the change, so a mismatch is only reported.
    own = filter_matching([response], [has_id("id", parameter_id)], operation.name)
    changed = own[0] if own else Parameter.model_construct()
    if "id" not in changed:
        changed.id = parameter_id
    return changed


def _fetch_parameter(operation: Operation[Parameter], client: Client, parameter_id: int, *, as_dict: bool) -> Flow[Any]:
    parameter = yield from fetch_response(operation, as_dict=as_dict)
    check_object(parameter, [has_id("id", parameter_id)], operation, client)
    return parameter
