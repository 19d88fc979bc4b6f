"""The generated models: what they take, what they keep, and what they give back."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from datastore_sdk._io.tolerant_parser import parse_object
from restream_api import models
from restream_api.models import (
    Acknowledgement,
    AggregationsBySite,
    ConditionLogicSet,
    NewParameter,
    NewParameterConfig,
    Pad,
    ParameterPatch,
    Record,
    Site,
    SiteMetadata,
    Stage,
    StageAggregations,
)
from restream_api.types import Json, Model, encode_json

if TYPE_CHECKING:
    from _contract import Contract

MODELS = [each for _, each in inspect.getmembers(models, inspect.isclass) if issubclass(each, Model)]
PAD: dict[str, Any] = {
    "id": 7,
    "name": "Kestrel",
    "lease_name": "Harrier",
    "customer_name": "Falcon Energy",
    "simops_config": {
        "frac": "run",
        "wireline": None,
        "pumpdown": None,
        "fluid": None,
        "measurement_sources": {
            "frac": [{"name": "M1", "label": "S1", "type": "frac", "attached_sites": [70, 71], "active_site": None}],
            "wl": [],
            "fluid": [],
            "pumpdown": [],
        },
        "exc_fields": ["tds"],
    },
    "completion_date": None,
    "wireline_enabled": True,
}


def pad(**changes: Any) -> Pad:
    return Json[Pad](Pad)(json.dumps(PAD | changes).encode())


def test_models_export_every_schema(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    # A string with nothing but a pattern is a `str`.
    assert set(models.__all__) == {
        name for name, node in schemas.items() if node.get("type") == "object" or "enum" in node
    }
    assert all(hasattr(models, name) for name in models.__all__)


@pytest.mark.parametrize("model", MODELS)
def test_models_do_not_shadow_pydantic_attributes(model: type[Model]) -> None:
    assert not model.model_fields.keys() & set(dir(BaseModel))


@pytest.mark.parametrize("model", MODELS)
def test_models_match_the_contract(contract: Contract, model: type[Model]) -> None:
    schema = contract.schema(model.__name__)
    fields = {field.serialization_alias or name: field for name, field in model.model_fields.items()}
    assert list(fields) == list(schema["properties"])
    assert {name for name, field in fields.items() if field.is_required()} == set(schema.get("required", []))
    closed = schema.get("additionalProperties") is False
    assert model.model_config.get("extra") == ("forbid" if closed else "allow")


def test_model_dump_returns_its_input() -> None:
    assert json.loads(encode_json(pad())) == PAD


def test_model_keeps_unknown_keys() -> None:
    read = pad(drilling_rig={"name": "H-12"})
    assert read.model_extra == {"drilling_rig": {"name": "H-12"}}
    assert json.loads(encode_json(read))["drilling_rig"] == {"name": "H-12"}


def test_model_requires_only_required_keys() -> None:
    assert pad().coil_tubing_enabled is None
    assert pad(coil_tubing_enabled=False).coil_tubing_enabled is False
    with pytest.raises(ValidationError, match="completion_date"):
        Pad.model_validate({key: value for key, value in PAD.items() if key != "completion_date"})


def test_model_datetime_has_a_time_zone() -> None:
    assert pad(completion_date="2025-09-17T10:00:00Z").completion_date == datetime(2025, 9, 17, 10, tzinfo=UTC)
    central = pad(completion_date="2025-09-17T05:00:00-05:00").completion_date
    assert central == datetime(2025, 9, 17, 5, tzinfo=timezone(timedelta(hours=-5)))
    with pytest.raises(ValidationError, match="timezone"):
        pad(completion_date="2025-09-17T10:00:00")


def test_model_timestamp_parses_every_format() -> None:
    read = SiteMetadata.model_validate_json('{"first_timestamp": 1757980800, "last_timestamp": "2025-09-17T00:00:00Z"}')
    assert read.first_timestamp == datetime(2025, 9, 16, tzinfo=UTC)
    assert read.last_timestamp == datetime(2025, 9, 17, tzinfo=UTC)


def test_model_reserved_keys_are_renamed() -> None:
    logic: dict[str, Any] = {
        "id": 1,
        "name": "VPS",
        "description": None,
        "schema": {"default_state": "N", "condition_logics": []},
    }
    read = ConditionLogicSet.model_validate_json(json.dumps(logic))
    assert read.schema_ is not None
    assert read.schema_.default_state == "N"
    assert read["schema"] is read.schema_
    assert json.loads(encode_json(read)) == logic
    assert ConditionLogicSet(id=1, name="VPS", schema_=None)["schema"] is None


def test_model_reads_like_a_dict() -> None:
    stage: dict[str, Any] = {
        "state": "frac_frac",
        "start": "2025-09-17T10:00:00Z",
        "end": None,
        "stage_number": 3,
        "site": 7,
    }
    read = Stage.model_validate(stage | {"crew": "A"})
    assert read["end"] is None
    assert "id" not in read
    assert "crew" in read
    assert read.get("id", 5) == 5
    assert list(read) == list(read.keys()) == [*stage, "crew"]
    assert dict(read) == dict(read.items()) == stage | {"start": read.start, "crew": "A"}
    assert list(read.values())[-1] == "A"
    assert len(read) == 6
    assert read["id"] is None
    with pytest.raises(KeyError):
        read["pad"]
    del stage["site"]
    read = parse_object(Stage, stage).value
    assert (read["site"], read.get("site", 5), "site" in read, hasattr(read, "site")) == (None, 5, False, False)
    with pytest.raises(AttributeError, match=r"Stage\.site was not sent by the service; get\('site'\) returns None"):
        read.site  # noqa: B018


def test_record_values_keep_their_types() -> None:
    text = b'[{"timestamp": 1, "a": 5, "b": 5.0, "c": true, "d": "O", "e": null, "f": "Infinity"}]'
    (record,) = Json[list[Record]](list[Record])(text)
    assert [type(value) for value in record.values()] == [int, int, float, bool, str, type(None), str]


def test_aggregations_map_names_to_numbers() -> None:
    read = TypeAdapter[AggregationsBySite](AggregationsBySite).validate_json(
        '{"70": [{"id": 5, "avg_slurry_rate": 91.5, "total_proppant": null, "my_own": 7}], "71": "no data"}'
    )
    assert read["71"] == "no data"
    assert isinstance(read["70"], list)
    assert read["70"][0].avg_slurry_rate == 91.5
    assert read["70"][0].model_extra == {"my_own": 7}
    assert dict(read["70"][0]) == {"id": 5, "avg_slurry_rate": 91.5, "total_proppant": None, "my_own": 7}
    assert repr(read["70"][0]) == "StageAggregations(id=5, avg_slurry_rate=91.5, total_proppant=None, my_own=7)"
    with pytest.raises(ValidationError, match="avg_slurry_rate"):
        StageAggregations.model_validate({"id": 5, "avg_slurry_rate": "fast"})


def test_request_model_refuses_unknown_keys() -> None:
    with pytest.raises(ValidationError, match="colour"):
        ParameterPatch.model_validate({"colour": "#112233"})
    with pytest.raises(ValidationError, match="update_received"):
        Acknowledgement.model_validate({"id": 1, "update_received": False})


def test_request_body_distinguishes_absent_from_null() -> None:
    assert encode_json(ParameterPatch(color=None)) == b'{"color":null}'
    assert encode_json(ParameterPatch()) == b"{}"
    new = NewParameter(name="avg_rate", config=NewParameterConfig(field="slurry_rate", aggregation="average"))
    assert json.loads(encode_json([new])) == [
        {"name": "avg_rate", "config": {"field": "slurry_rate", "aggregation": "average"}}
    ]


def test_model_attributes_have_docstrings() -> None:
    source = inspect.getsource(importlib.import_module(Site.__module__))
    assert '    latitude: float | None\n    """Latitude of the wellhead, degrees north."""\n' in source


def test_import_of_a_model_loads_few_modules() -> None:
    code = "import restream_api.api.pads, restream_api.api.sites, sys; print('httpx' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert run.stdout.strip() == "False"
