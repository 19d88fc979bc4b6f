"""Units and labels of the fields, in the metadata of a table's columns."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datastore_sdk import Pad, RetryPolicy, Site
from datastore_sdk.data import Data, DataQuery
from datastore_sdk.sandbox import Sandbox
from restream_api.models import Field
from tests.data.arrow.table_helpers import HOURS
from tests.support.fake_server import ClientConnection
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path, send_then
from tests.support.sync_async_calls import Form, list_requests

BODY = b'[{"timestamp": 1, "slurry_rate": 5}]'


def metadata(table: pa.Table) -> dict[str, dict[bytes, bytes] | None]:
    return {field.name: field.metadata for field in table.schema}


def build_expected(fields: list[Field], table: pa.Table, unit: Callable[[Field], str | None]) -> dict[str, Any]:
    known = {
        field.name: {b"label": field.label.encode()} | ({b"unit": text.encode()} if (text := unit(field)) else {})
        for field in reversed(fields)
    }
    return {name: known.get(name) for name in table.schema.names}


@pytest.mark.parametrize("source", [Site(id=981), Pad(id=681)], ids=["site", "pad"])
def test_units_of_both_systems(sandbox: Sandbox, form: Form, source: Site | Pad) -> None:
    fields: list[Field] = form(source, "get_fields_metadata")
    imperial: pa.Table = form(form(source, "get_data", *HOURS), "to_arrow")
    si: pa.Table = form(form(source, "get_data", *HOURS, si_units=True), "to_arrow")
    assert metadata(imperial) == build_expected(fields, imperial, lambda field: field.imperial_unit)
    assert metadata(si) == build_expected(fields, si, lambda field: field.si_unit)
    pressure = next(name for name in si.schema.names if name.endswith("surface_treating_pressure"))
    assert (metadata(imperial)[pressure] or {})[b"unit"] == b"psi"
    assert (metadata(si)[pressure] or {})[b"unit"] == b"kPa"
    assert metadata(si)["timestamp"] is metadata(si)["site_id"] is None
    assert len(list_requests(sandbox)) == 5


@pytest.mark.usefixtures("sandbox")
def test_fields_of_measurement_sources(form: Form) -> None:
    table: pa.Table = form(form(Pad(id=681), "get_data", *HOURS), "to_arrow")
    known = metadata(table)
    (source, *_) = (name for name in table.schema.names if name.endswith("_slurry_rate"))
    assert source[0] == "M"
    assert (known[source] or {})[b"label"].startswith(b"Slurry Rate - ")


def test_one_more_call_for_each_site(sandbox: Sandbox, form: Form) -> None:
    _, corrected = form(Pad(id=668), "get_data_changes")
    sites = dict.fromkeys(query.id for query in corrected.queries)
    assert len(corrected.queries) > len(sites) > 1
    sandbox.requests.clear()
    form(corrected, "to_arrow")
    calls = [line.partition("?")[0] for line in list_requests(sandbox)]
    assert calls[: len(sites)] == [f"GET /sites/{site}/fields/" for site in sites]
    assert all(call.endswith("/data/") for call in calls[len(sites) :])


def test_pandas_frames_have_units_and_labels(sandbox: Sandbox, form: Form) -> None:
    source = Site(id=981)
    fields = {field.name: field for field in reversed(form(source, "get_fields_metadata"))}
    frame = form(form(source, "get_data", *HOURS, si_units=True), "to_pandas")
    listed = [name for name in frame.columns if name in fields]
    assert len(listed) > 10
    assert frame.attrs["units"] == {name: unit for name in listed if (unit := fields[name].si_unit)}
    assert frame.attrs["labels"] == {name: fields[name].label for name in listed}
    assert frame.head().attrs == frame.attrs
    sandbox.requests.clear()
    schema = form(source, "get_schema", fields=["slurry_rate"])
    earlier = len(sandbox.requests)
    frame = form(form(source, "get_data", *HOURS, fields=["slurry_rate"]), "to_pandas", schema=schema)
    assert frame.attrs == {
        "units": {"slurry_rate": "bbl/min"},
        "labels": {"slurry_rate": "Slurry Rate"},
        "timezone": "UTC",
    }
    assert all("/data/" in line for line in list_requests(sandbox)[earlier:])


def test_polars_frames_do_not_request_fields(hours: Data, sandbox: Sandbox, form: Form) -> None:
    form(hours, "to_polars")
    assert all("/data/" in line for line in list_requests(sandbox))


def test_routed_records_have_the_units_of_the_pad(serving: Serving, form: Form) -> None:
    """The pad lists names with a measurement source, and the source in the label."""
    listed = [
        {"name": "M1_slurry_rate", "label": "Slurry Rate - 1/2", "imperial_unit": "bbl/min"},
        {"name": "M2_slurry_rate", "label": "Slurry Rate - 3/4", "imperial_unit": "m3"},
        {"name": "M1_h", "label": "H - 1/2", "imperial_unit": "ft"},
        {"name": "h", "label": "H", "imperial_unit": "in"},
    ]
    body = [{"timestamp": 1, "site_id": 981, "slurry_rate": 5, "h": 1}]
    replies: dict[str, Reply] = {"/fields/": http_response(200, listed), "/data/": http_response(200, body)}
    service = serving(respond_by_path(replies))
    frame = form(form(Pad(id=681, client=service.client), "get_data", is_routed=True), "to_pandas")
    expected = {"units": {"slurry_rate": "bbl/min", "h": "in"}, "labels": {"h": "H"}, "timezone": "UTC"}
    assert frame.attrs == expected
    assert form(form(Pad(id=681, client=service.client), "get_data"), "to_pandas").attrs["units"] == {"h": "in"}


FIELDS_RESPONSES: dict[str, Reply] = {
    "refused": http_response(403, {"detail": "Not for you."}),
    "missing": http_response(404, {"detail": "Not for you."}),
    "broken": http_response(500, {"detail": "Not for you."}),
    "busy": http_response(429, {"detail": "Not for you."}, retry_after=0),
    "odd": http_response(200, {"detail": "Not for you."}),
    "closed": send_then(b"", ClientConnection.close),
}


@pytest.mark.parametrize("response", FIELDS_RESPONSES.values(), ids=FIELDS_RESPONSES)
def test_records_come_where_fields_do_not(
    serving: Serving, form: Form, caplog: pytest.LogCaptureFixture, response: Any, tmp_path: Path
) -> None:
    """Tables, files and live data need the records; units and labels are an extra."""
    replies = {"/fields/": response, "/data/": http_response(200, BODY)}
    service = serving(respond_by_path(replies), retries=RetryPolicy(max_attempts=1))
    with caplog.at_level(logging.WARNING, "datastore_sdk"):
        table: pa.Table = form(form(Site(id=981, client=service.client), "get_data"), "to_arrow")
    assert table.num_rows == 1
    assert metadata(table) == {"timestamp": None, "slurry_rate": None}
    (message,) = [record.getMessage() for record in caplog.records if record.name == "datastore_sdk"]
    assert message.startswith("Units and labels of the fields of site 981 are missing: GET http")
    assert "Not for you." in message or "200" in message or "lost" in message
    form(form(Site(id=981, client=service.client), "get_data"), "save", tmp_path / "records.parquet")
    assert pq.read_table(tmp_path / "records.parquet").num_rows == 1


def test_queries_of_one_source(serving: Serving) -> None:
    service = serving(respond_by_path({"/fields/": http_response(200, b"[]"), "/data/": http_response(200, BODY)}))
    queries = [
        DataQuery(source="site", id=id_, stage_number=n, stage_name_filter="frac")
        for id_, n in [(1, 1), (1, 2), (2, 1)]
    ]
    assert Data(service.client, queries).to_arrow().num_rows == 3
    assert service.request_lines[:2] == ["GET /sites/1/fields/", "GET /sites/2/fields/"]
    assert len(service.request_lines) == 5
