"""The generated request builders, and sending what they build with a plain httpx client."""

from __future__ import annotations

import importlib
import inspect
import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_type_hints
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from restream_api.api.oauth import create_token
from restream_api.api.pads import (
    create_pad_parameters,
    delete_pad_parameter,
    get_pad,
    list_pad_fields,
    list_pad_stage_aggregations,
    list_pad_stages,
    list_pads,
    stream_pad_data,
    update_pad_parameter,
)
from restream_api.api.sites import acknowledge_site_data_changes, list_sites
from restream_api.models import (
    Acknowledgement,
    Acknowledgements,
    NewParameter,
    NewParameterConfig,
    ParameterPatch,
    ParametersValid,
    TokenRequest,
)
from restream_api.types import Operation, UnexpectedStatus, asend, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from _contract import Contract

V1 = "/external/thirdparty/v1"
TOKEN = TokenRequest(client_id="id", client_secret="a&b=c d", grant_type="client_credentials")
CHANGE = {
    "id": 9,
    "created_at": "2025-09-17T10:00:00Z",
    "modification_type": "transaction",
    "modification_subtype": "move",
    "start_date": "2025-09-16T10:00:00Z",
    "end_date": "2025-09-16T11:00:00Z",
    "site": 70,
}


class Width(StrEnum):
    MINUTE = "minute"


def mock_transport(status: int, content: Any, seen: list[httpx.Request] | None = None) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=content) if content is not None else httpx.Response(status)

    return httpx.MockTransport(handle)


def client(status: int, content: Any, seen: list[httpx.Request] | None = None) -> httpx.Client:
    return httpx.Client(transport=mock_transport(status, content, seen), base_url="http://restream.test")


def builders(contract: Contract) -> dict[str, Callable[..., Operation[Any]]]:
    return {
        name: getattr(importlib.import_module(f"restream_api.api.{operation.node['tags'][0]}"), name)
        for name, operation in contract.operations.items()
    }


def example(annotation: Any) -> Any:
    """Return a value of an argument's type."""
    candidates: list[Any] = [5, True, "2025-09-17 00:00:00", [1], ["a"], datetime(2025, 9, 17, tzinfo=UTC)]
    config = NewParameterConfig(field="a", aggregation="average")
    candidates += [TOKEN, Acknowledgements(change_log=[]), [NewParameter(name="a", config=config)], {"config": config}]
    adapter = TypeAdapter[Any](annotation)
    for candidate in candidates:
        try:
            return adapter.validate_python(candidate)
        except ValidationError:
            continue
    raise AssertionError(annotation)


def test_operation_builders_match_the_contract(contract: Contract) -> None:
    for name, build in builders(contract).items():
        said = contract.operations[name]
        hints = get_type_hints(build)
        signature = inspect.signature(build)
        arguments = {each: example(hints[each]) for each in signature.parameters}
        operation = build(**arguments)
        assert operation.name == name
        assert operation.method == operation.method.upper()
        assert operation.endpoint == said.endpoint
        assert operation.path == said.endpoint.format(**dict.fromkeys(arguments, 5))
        assert operation.success == set(said.success)
        assert operation.streamed == said.streamed
        assert operation.authenticated == said.authenticated
        assert [key for key, _ in operation.query] == [
            key for key, node in said.parameters.items() if node["in"] == "query"
        ]
        assert (operation.content is not None) == bool(said.body)
        positional = [each.name for each in signature.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
        assert positional == [key for key, node in said.parameters.items() if node["in"] == "path"]
        required = {each.name for each in signature.parameters.values() if each.default is each.empty}
        keyed = {key for key, node in said.parameters.items() if node.get("required")}
        assert required == keyed | ({"body"} if said.body else set[str]())
        documented = inspect.getdoc(build) or ""
        assert all(f"{each}: " in documented for each in arguments)
        assert str(said.node["summary"]) in documented


def test_streamed_operation_sends_prefer_header(contract: Contract) -> None:
    assert [name for name, each in contract.operations.items() if each.streamed] == [
        "stream_pad_data",
        "stream_site_data",
    ]
    operation = stream_pad_data(7, si_units=False, resolution="raw", routed=True)
    assert operation.streamed
    assert operation.headers == {"Prefer": "streaming"}
    assert operation.target == f"{V1}/pads/7/data/?si_units=false&resolution=raw&routed=true"


def test_query_none_is_omitted() -> None:
    assert list_pads().target == f"{V1}/pads/"
    assert list_pads(complete=False, name_search="Kes trel").target == f"{V1}/pads/?complete=false&name_search=Kes+trel"


def test_query_names_are_those_of_the_service() -> None:
    assert list_sites(pad_id=7, lat=32.5).query == (("pad__id", "7"), ("lat", "32.5"))


def test_query_datetime_is_sent_in_utc() -> None:
    central = timezone(timedelta(hours=-5))
    operation = list_pad_stages(
        7, start=datetime(2025, 9, 17, tzinfo=UTC), end=datetime(2025, 9, 17, 19, tzinfo=central)
    )
    assert operation.query == (("start", "2025-09-17T00:00:00Z"), ("end", "2025-09-18T00:00:00Z"))


def test_query_array_is_joined_or_repeated() -> None:
    operation = list_pad_stage_aggregations(7, histories=[1, 2], aggregations_filter=["a", "b"], stage_numbers=[3, 4])
    assert operation.query == (
        ("histories", "1"),
        ("histories", "2"),
        ("aggregations_filter", "a,b"),
        ("stage_numbers", "3,4"),
    )


def test_query_enum_accepts_unknown_values() -> None:
    query = dict(stream_pad_data(7, si_units=True, resolution=Width.MINUTE, agg="median", routed=False).query)
    assert query == {"si_units": "true", "resolution": "minute", "agg": "median", "routed": "false"}


def test_path_id_is_escaped() -> None:
    with pytest.raises(ValueError, match="format code"):
        get_pad("7/../8")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_operation_copy_compares_equal() -> None:
    operation = list_pads(complete=True).with_query({"basin": "Permian", "rigs": [1, 2], "none": None})
    assert operation.query == (("complete", "true"), ("basin", "Permian"), ("rigs", "1,2"))
    assert operation == list_pads(complete=True).with_query({"basin": "Permian", "rigs": (1, 2)})
    assert operation.with_parse(len).parse(b"[]") == 2


def test_operation_supports_yield_from() -> None:
    flow = iter(get_pad(7))
    assert next(flow) == get_pad(7)
    with pytest.raises(StopIteration) as stop:
        flow.send("the pad")
    assert stop.value.value == "the pad"


def test_send_parses_the_response() -> None:
    seen: list[httpx.Request] = []
    body = Acknowledgements(change_log=[Acknowledgement(id=9, update_received=True)])
    with client(200, {"change_log": [CHANGE]}, seen) as http:
        log = send(http, acknowledge_site_data_changes(70, body=body))
    assert log.change_log[0].end_date == datetime(2025, 9, 16, 11, tzinfo=UTC)
    (request,) = seen
    assert (request.method, request.url.path) == ("POST", f"{V1}/sites/70/data_changes/")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"change_log": [{"id": 9, "update_received": True}]}


async def asent(operation: Operation[Any], status: int, content: Any) -> Any:
    async with httpx.AsyncClient(transport=mock_transport(status, content), base_url="http://restream.test") as http:
        return await asend(http, operation)


def test_asend_parses_the_response() -> None:
    asyncio = importlib.import_module("asyncio")
    assert asyncio.run(asent(list_pad_fields(7), 200, [])) == []
    with pytest.raises(UnexpectedStatus):
        asyncio.run(asent(list_pad_fields(7), 404, {"detail": "Not found."}))


def test_response_empty_returns_none() -> None:
    with client(204, None) as http:
        send(http, delete_pad_parameter(7, 3))


def test_response_union_returns_matching_model() -> None:
    with client(200, {"valid": True}) as http:
        content = send(http, create_pad_parameters(7, body=[], validate_only=True))
    assert content == ParametersValid(valid=True)
    with client(201, []) as http:
        assert send(http, create_pad_parameters(7, body=[])) == []


def test_status_unexpected_error_has_operation_and_response() -> None:
    operation = update_pad_parameter(7, 3, body=ParameterPatch(label="Rate"))
    with client(400, {"detail": "Only custom ones."}) as http, pytest.raises(UnexpectedStatus) as caught:
        send(http, operation)
    assert caught.value.operation is operation
    assert caught.value.response.json() == {"detail": "Only custom ones."}
    assert str(caught.value) == f"PATCH {V1}/pads/7/parameters/3/ returned 400"


def test_response_invalid_error_names_the_field() -> None:
    with client(200, [{"id": "none"}]) as http, pytest.raises(ValidationError, match=r"0\.id"):
        send(http, list_pad_fields(7))


def test_token_request_is_an_unauthenticated_form() -> None:
    operation = create_token(body=TOKEN)
    assert not operation.authenticated
    assert operation.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert operation.content is not None
    assert dict(parse_qsl(operation.content.decode())) == TOKEN.model_dump()
