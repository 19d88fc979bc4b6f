"""`get_schema` of sites and pads."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from datastore_sdk import Pad, Schema, Site
from datastore_sdk.exceptions import PermissionDeniedError
from datastore_sdk.sandbox import Sandbox, faults
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response, respond_by_path
from tests.support.sync_async_calls import Form, list_requests

FIELDS = ["slurry_rate", "upper_master_valve", "wl_ccl", "pumpdown_active"]


def types(schema: Schema) -> dict[str, str]:
    return {column.name: column.type for column in schema.columns}


def test_schema_of_site_has_listed_and_observed_fields(own_sandbox: Sandbox, form: Form) -> None:
    schema: Schema = form(Site(id=981), "get_schema")
    assert schema.names[:2] == ("timestamp", "site_id")
    assert list(schema.names[2:]) == sorted(schema.names[2:])
    found = types(schema)
    assert found["slurry_rate"] == "float64"
    assert found["upper_master_valve"] == found["swab_valve"] == "string"  # recorded, but not listed
    assert {"clean_conductivity_25c", "clean_conductivity_25C"} <= set(found)
    assert (schema["surface_treating_pressure"].unit, schema["surface_treating_pressure"].label) == (
        "psi",
        "Surface Treating Pressure",
    )
    assert [line.partition("?")[0] for line in list_requests(own_sandbox)] == [
        "GET /sites/981/fields/",
        "GET /sites/981/",
        "GET /sites/981/data/",
    ]


def test_schema_is_the_same_every_time_and_after_json(sandbox: Sandbox, form: Form) -> None:  # noqa: ARG001
    schema: Schema = form(Site(id=981), "get_schema")
    assert form(Site(id=981), "get_schema") == Schema.from_json(schema.to_json()) == schema


def test_schema_of_given_fields_keeps_their_order(sandbox: Sandbox, form: Form) -> None:  # noqa: ARG001
    schema: Schema = form(Site(id=981), "get_schema", FIELDS, si_units=True, types={"wl_ccl": "string"})
    assert schema.names == ("timestamp", "site_id", *FIELDS)
    assert types(schema)["wl_ccl"] == "string"
    assert schema.si_units
    assert schema["slurry_rate"].unit == "m^3/min"


def test_schema_of_pad_routed_and_not(sandbox: Sandbox, form: Form) -> None:  # noqa: ARG001
    assert "M1_slurry_rate" in form(Pad(id=681), "get_schema").names
    routed: Schema = form(Pad(id=681), "get_schema", is_routed=True)
    table: pa.Table = form(
        form(Pad(id=681), "get_data", "2025-09-18T08:00:00Z", "2025-09-18T08:05:00Z", is_routed=True),
        "to_arrow",
        schema=routed,
    )
    assert table.num_rows > 100
    assert table.column("slurry_rate").null_count < table.num_rows


def test_schema_without_sample_uses_metadata_alone(own_sandbox: Sandbox, form: Form) -> None:
    with own_sandbox.faults.during(faults.Status(404, path="/sites/981/data/", times=None)):
        schema: Schema = form(Site(id=981), "get_schema")
    assert types(schema)["wl_ccl"] == "float64"


def test_schema_without_metadata_is_an_error(own_sandbox: Sandbox, form: Form) -> None:
    own_sandbox.faults.add(faults.Status(403, path="/sites/981/fields/", times=None))
    with pytest.raises(PermissionDeniedError):
        form(Site(id=981), "get_schema")


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"types": {"slurry_rate": "text"}}, ValueError, "must be one of timestamp, int64, float64, string, bool"),
        ({"types": {"slurry_rte": "string"}}, ValueError, "not columns of the schema: 'slurry_rte'"),
        ({"types": ["slurry_rate"]}, TypeError, "must be a mapping"),
        ({"unknown_fields": "keep"}, ValueError, "unknown_fields must be one of map, drop"),
    ],
)
def test_schema_invalid_arguments_are_refused(
    sandbox: Sandbox,  # noqa: ARG001 - the environment leads to the sandbox
    form: Form,
    options: dict[str, Any],
    kind: type[Exception],
    words: str,
) -> None:
    with pytest.raises(kind, match=words):
        form(Site(id=981), "get_schema", **options)


LISTED = [
    {"name": "M1_slurry_rate", "label": "Slurry Rate", "imperial_unit": "bbl/min", "si_unit": "m^3/min"},
    {"name": "M2_slurry_rate", "label": "Slurry Rate 2", "imperial_unit": "bbl/min", "si_unit": "m^3/min"},
    {"name": "CO2_flow", "label": "CO2", "imperial_unit": "gpm", "si_unit": None},
    {"name": "power", "imperial_unit": "bool"},
    {"name": None, "imperial_unit": "psi"},
]
RECORDS = [
    {"timestamp": 1757376001, "site_id": 981, "slurry_rate": 80, "CO2_flow": 1, "power": True, "swab_valve": "O"},
    {"timestamp": 1757376000, "site_id": 981, "slurry_rate": "Infinity", "power": None},
]


def test_routed_records_of_a_pad_get_units_without_their_source(serving: Serving, form: Form) -> None:
    """A recorded pad lists only names that carry the measurement source."""
    service = serving(
        respond_by_path(
            {
                "/fields/": http_response(200, LISTED),
                "/sites/": http_response(200, [{"id": 981, "pad_id": 681, "metadata": {"last_timestamp": 1757376001}}]),
                "/data/": http_response(200, RECORDS),
            }
        )
    )
    pad = Pad(id=681, client=service.client)
    routed: Schema = form(pad, "get_schema", is_routed=True)
    assert types(routed) == {
        "timestamp": "timestamp",
        "site_id": "int64",
        "CO2_flow": "float64",
        "power": "bool",
        "slurry_rate": "float64",
        "swab_valve": "string",
    }
    assert (routed["slurry_rate"].unit, routed["slurry_rate"].label) == ("bbl/min", "Slurry Rate")
    assert "M1_slurry_rate" in form(pad, "get_schema").names


def test_schema_of_key_fields_and_unknown_fields(
    sandbox: Sandbox,  # noqa: ARG001 - the environment leads to the sandbox
    form: Form,
    caplog: pytest.LogCaptureFixture,
) -> None:
    schema: Schema = form(Site(id=981), "get_schema", ["timestamp", "slurry_rate", "slury_rate", "site_id"])
    assert schema.names == ("timestamp", "site_id", "slurry_rate", "slury_rate")
    (warning,) = [record.getMessage() for record in caplog.records if "neither listed" in record.getMessage()]
    assert "'slury_rate'" in warning
    assert "'slurry_rate'" not in warning
