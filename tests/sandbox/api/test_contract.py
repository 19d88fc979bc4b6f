"""The sandbox against openapi.yaml: every request, valid or invalid, gets a response that conforms to the contract."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest
import schemathesis
from _contract import read_document
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from datastore_sdk.sandbox import Sandbox
from tests.support.paths import ROOT

SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
IDS: Final = {"pad_id": 681, "site_id": 981, "state_id": 20981, "parameter_id": 1, "change_id": 5}
CHECKS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

config = SchemathesisConfig.from_dict(
    {"generation": {"mode": "all", "deterministic": True}, "phases": {"coverage": {"enabled": False}}}
)
schema = schemathesis.openapi.from_dict(read_document(ROOT / "openapi.yaml"), config=config)


@pytest.fixture(scope="module")
def brief() -> Iterator[Sandbox]:
    """A sandbox with little history, so that records without any filter stay few."""
    with Sandbox(seed=7, now=datetime(2025, 9, 18, 0, 40, tzinfo=UTC), days=0.06) as sandbox:
        yield sandbox


@schema.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=SLOW)
def test_responses_match_the_contract(case: schemathesis.Case[Any], brief: Sandbox) -> None:
    case.path_parameters = {name: IDS[name] for name in case.path_parameters or {}}
    case.headers["Authorization"] = f"Bearer {brief.token}"
    response = case.call(base_url=brief.url)
    case.validate_response(response, checks=CHECKS)
    assert response.status_code < 500


def test_valid_calls_match_the_contract(sandbox: Sandbox, http: httpx.Client) -> None:
    """Cases that random requests seldom reach: real ids, changes, deletions, tokens."""
    prefix = "/external/thirdparty/v1"

    def call(status: int, method: str, path: str, ids: dict[str, int], **request: Any) -> Any:
        response = http.request(method, path.format(**ids), **request)
        assert response.status_code == status, response.text
        schema[prefix + path][method].validate_response(response)
        return response.json() if response.content else None

    log = call(200, "GET", "/pads/{pad_id}/data_changes/", IDS, params={"get_acknowledged": "true"})
    change = {**IDS, "change_id": log["change_log"][0]["id"], "site_id": log["change_log"][0]["site"]}
    call(200, "GET", "/pads/{pad_id}/data_changes/{change_id}/", change)
    call(200, "GET", "/sites/{site_id}/data_changes/{change_id}/", change)
    one_frac = {"state": "frac", "stage_number": 3}
    call(200, "GET", "/pads/{pad_id}/aggregations/", {"pad_id": 703}, params={**one_frac, "stage_number": 9})
    call(200, "GET", "/sites/{site_id}/aggregations/", IDS, params=one_frac)
    span = {"start_datetime": "2025-09-17 05:00:00", "end_datetime": "2025-09-17 05:10:00"}
    for routed in ("true", "false"):
        call(200, "GET", "/pads/{pad_id}/data/", IDS, params={**span, "routed": routed})
    call(200, "GET", "/sites/{site_id}/data/", IDS, params={**span, "fill_data_method": "bfill", "fill_data_limit": 5})
    for parent in ("/pads/{pad_id}", "/sites/{site_id}"):
        config = {"field": "slurry_rate", "aggregation": "average"}
        (made,) = call(201, "POST", f"{parent}/parameters/", IDS, json=[{"name": "mine", "config": config}])
        valid = [{"name": "other", "config": config}]
        call(200, "POST", f"{parent}/parameters/", IDS, json=valid, params={"validate_only": "true"})
        one = {**IDS, "parameter_id": made["id"]}
        call(200, "PATCH", f"{parent}/parameters/{{parameter_id}}/", one, json={"label": "Mine"})
        call(200, "PUT", f"{parent}/parameters/{{parameter_id}}/", one, json={"config": config})
        call(204, "DELETE", f"{parent}/parameters/{{parameter_id}}/", one)
    form = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret, "grant_type": "client_credentials"}
    issued = httpx.post(f"{sandbox.url}/o/token/", data=form)
    assert issued.status_code == 200
    schema["/o/token/"]["POST"].validate_response(issued)
