"""The public names behind the calls of the contract, held against what the methods really call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import datastore_sdk
from datastore_sdk import DataChange, Pad, Site, State
from datastore_sdk.drift import api_index as touched
from datastore_sdk.drift import shipped
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW

NEW = [{"name": "avg_own", "config": {"field": "slurry_rate", "aggregation": "average"}}]
START = datetime(2025, 9, 17, 6, tzinfo=UTC)
RANGE = (START, START + timedelta(seconds=5))


def _change() -> DataChange:
    return Pad(id=668).get_data_changes()[0][0]


def _own_definition(pad: Pad) -> int:
    return pad.create_stages_aggregations(NEW)[0].id


READS: dict[str, Callable[[], Any]] = {
    "Pad.get_models()": Pad.get_models,
    "Pad.get_model()": lambda: Pad.get_model(id=668),
    "Pad.get_sites()": lambda: Pad(id=668).get_sites(),
    "Pad.get_states()": lambda: Pad(id=668).get_states(),
    "Pad.get_data()": lambda: [*Pad(id=668).get_data(*RANGE)],
    "Pad.get_fields_metadata()": lambda: Pad(id=668).get_fields_metadata(),
    "Pad.get_measurement_sources_metadata()": lambda: Pad(id=668).get_measurement_sources_metadata(),
    "Pad.get_stages_aggregations()": lambda: Pad(id=668).get_stages_aggregations(),
    "Pad.get_data_changes()": lambda: Pad(id=668).get_data_changes(),
    "Pad.update()": lambda: Pad(id=668).update(),
    "Site.get_models()": Site.get_models,
    "Site.get_model()": lambda: Site.get_model(id=981),
    "Site.get_pad()": lambda: Site(id=981).get_pad(),
    "Site.get_state()": lambda: Site(id=981).get_state(),
    "Site.get_data()": lambda: [*Site(id=981).get_data(*RANGE)],
    "Site.get_measurement_sources_metadata()": lambda: Site(id=981).get_measurement_sources_metadata(),
    "Site.get_stages_metadata()": lambda: Site(id=981).get_stages_metadata(start_date=NOW, add_aggregations=True),
    "State.get_models()": State.get_models,
    "State.get_model()": lambda: State.get_model(id=State.get_models()[0].id),
    "DataChange.get_data()": lambda: next(iter(_change().get_data()), None),
    "DataChange.update()": lambda: _change().update(),
}
CHANGES: dict[str, Callable[[], Any]] = {
    "Pad.create_stages_aggregations()": lambda: _own_definition(Pad(id=668)),
    "Pad.delete_stages_aggregation()": lambda: Pad(id=668).delete_stages_aggregation(_own_definition(Pad(id=668))),
    "DataChange.confirm_data_received()": lambda: _change().confirm_data_received(),
}


@pytest.mark.parametrize("method", READS)
def test_reads_are_known_by_their_last_call(method: str, sandbox: Sandbox) -> None:
    READS[method]()
    assert method in touched.methods(_last_call(sandbox))


@pytest.mark.parametrize("method", CHANGES)
def test_changes_are_known_by_their_last_call(method: str, own_sandbox: Sandbox) -> None:
    CHANGES[method]()
    assert method in touched.methods(_last_call(own_sandbox))


def _last_call(sandbox: Sandbox) -> str:
    """The operation that the service was asked for last."""
    last = sandbox.requests[-1]
    endpoint = shipped().endpoint(last.method, shipped().path_of(last.path) or "")
    assert endpoint
    return endpoint.operation_id


def test_every_method_that_is_named_exists() -> None:
    for endpoint in shipped().endpoints.values():
        for name in touched.methods(endpoint.operation_id):
            owner, method = name.removesuffix("()").split(".")
            assert callable(getattr(getattr(datastore_sdk, owner), method))


def test_what_no_public_method_calls() -> None:
    without = {end.operation_id for end in shipped().endpoints.values() if not touched.methods(end.operation_id)}
    assert without == {"acknowledge_pad_data_changes", "get_pad_data_change", "create_token"}


def test_pads_and_sites_are_told_apart() -> None:
    assert "Pad.get_data()" in touched.methods("stream_pad_data")
    assert "Pad.get_data()" not in touched.methods("stream_site_data")
    assert "Pad.get_data_changes()" in touched.methods("stream_site_data"), "corrections are fetched site by site"
    assert "Site.get_realtime_measurements_data()" in touched.methods("stream_site_data"), "imported when it is called"
    assert "Site.get_realtime_measurements_data()" in touched.methods("list_site_fields")


def test_names_of_arguments_and_attributes() -> None:
    assert touched.arguments("list_pads", "fleet_name") == ["Pad.get_models(fleet_name=)"]
    assert touched.arguments("list_pads", "nonsense") == touched.methods("list_pads")
    assert touched.attribute("Pad", "name") == "Pad.name"
    assert touched.attribute("TruthTable", "schema") == "TruthTable.schema_"
    assert touched.attribute("Pad", "nonsense") is None
    assert touched.attribute("Nonsense", "name") is None
    assert touched.model("Nonsense") is None
