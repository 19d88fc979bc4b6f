"""Lists of objects as tables."""

from __future__ import annotations

import copy
import pickle
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pandas as pd
import polars as pl
import pytest
from pydantic import BaseModel

from datastore_sdk import Client, ObjectList, Pad, Site, State
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.support.exhaustive import first
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path
from tests.support.sync_async_calls import Form

YESTERDAY = datetime(2025, 9, 17, 12, tzinfo=UTC)
LISTS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "pads": (Pad, "get_models", {}),
    "pad of a site": (Pad, "get_models", {"site_pk": 981}),
    "sites": (Site, "get_models", {}),
    "states": (State, "get_models", {}),
    "sites of a pad": (Pad(id=681), "get_sites", {}),
    "states of a pad": (Pad(id=681), "get_states", {}),
    "stages": (
        Site(id=981),
        "get_stages_metadata",
        {"add_aggregations": True, "start_date": datetime(2025, 9, 17, 12, tzinfo=UTC)},
    ),
}


@pytest.mark.usefixtures("sandbox")
@pytest.mark.filterwarnings("ignore:Accessing this attribute on the instance:DeprecationWarning")  # polars 1.20
@pytest.mark.parametrize(("source", "call", "arguments"), LISTS.values(), ids=LISTS)
def test_lists_become_tables(source: Any, call: str, arguments: dict[str, Any]) -> None:
    objects: ObjectList[Any] = getattr(source, call)(**arguments)
    assert type(objects) is ObjectList
    assert objects
    keys = [*dict.fromkeys(key for item in objects for key in item)]
    spread = {name for item in objects for name in item.get("aggregations") or () if name != "id"}
    for table in (objects.to_pandas(), objects.to_polars()):
        columns = [*table.columns]
        assert columns[0] == "id"
        assert [name for name in keys if name not in {"id", "aggregations"}] == columns[1 : len(columns) - len(spread)]
        assert {*columns[len(columns) - len(spread) :]} == spread
    for table in (objects.to_pandas(), pd.DataFrame(objects), objects.to_polars(), pl.DataFrame(objects)):
        assert len(table) == len(objects)
        for key in keys:
            if not isinstance(objects[-1].get(key), dict | BaseModel | datetime | None):
                assert [*table[key]][-1] == objects[-1][key]


def test_odd_objects_become_tables_too(serving: Serving, form: Form) -> None:
    """Keys that only later objects have are columns, and unknown ones."""
    pad = {"id": 1, "name": "A", "lease_name": "", "customer_name": "", "simops_config": None}
    pad |= {"completion_date": None, "wireline_enabled": True}
    later = {**pad, "id": 2, "completion_date": "2025-09-18T12:00:00Z", "unknown": {"a": 1}}
    service = serving(http_response(200, [pad] * 150 + [later]))
    pads = form(Pad, "get_models", client=service.client)
    for table in (pads.to_pandas(), pads.to_polars()):
        assert [*table.columns] == [*later]
        assert table["unknown"][150] == {"a": 1}
    assert len(form(Pad, "get_models", client=service.client, as_dict=True)) == 151


def test_an_empty_list_is_an_empty_table(serving: Serving, form: Form) -> None:
    """It has the columns of the contract, so that programs work on quiet days too."""
    service = serving(http_response(200, []))
    pads = form(Pad, "get_models", client=service.client)
    stages = form(Site(id=981, client=service.client), "get_stages_metadata")
    for objects, columns in (
        (pads, [*Pad.model_fields]),
        (stages, ["id", "state", "start", "end", "stage_number", "site"]),
    ):
        frames = (objects.to_pandas(), objects.to_polars(), objects[:0].to_pandas())
        assert [(len(frame), [*frame.columns]) for frame in frames] == [(0, columns)] * 3
    assert str(stages.to_pandas()["start"].dtype) == "datetime64[us, UTC]"
    assert stages.to_polars().schema["id"] == pl.Int64()
    assert (len(ObjectList[Any]().to_pandas()), len(ObjectList[Any]().to_polars())) == (0, 0)


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_named(library: str, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    pads = form(Pad, "get_models")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"restream-datastore-sdk\[{library}\]"):
        getattr(pads, f"to_{library}")()


@pytest.mark.parametrize("kind", [Pad, Site, State])
def test_type_hints_can_be_read(kind: type) -> None:
    assert get_type_hints(kind)["id"] is int


@pytest.mark.usefixtures("sandbox")
def test_the_extent_of_the_data_is_in_datetimes(form: Form) -> None:
    """REST has unix seconds, rooms have text."""
    (site,) = [site for site in form(Site, "get_models") if site.id == 981]
    assert site.metadata.last_timestamp.tzinfo is not None
    assert site.metadata.first_timestamp < site.metadata.last_timestamp
    untouched = form(Site, "get_model", 981, as_dict=True)
    assert untouched["metadata"]["last_timestamp"] == int(site.metadata.last_timestamp.timestamp())
    untouched["metadata"] = {"first_timestamp": "2025-09-18T12:00:00Z", "last_timestamp": None}
    from_websocket = Site(**untouched)
    assert from_websocket.metadata.first_timestamp == datetime(2025, 9, 18, 12, tzinfo=UTC)
    assert from_websocket.metadata.last_timestamp is None


ODD_STAGES: list[dict[str, Any]] = [
    {"id": 1, "state": "frac_frac", "stage_number": 7, "site": 981, "start": "2025-09-18T11:00:00Z", "end": None},
    {"id": "2", "state": 5, "stage_number": 6.5, "site": 981, "start": None, "end": "soon"},
    {"id": 3, "state": None, "stage_number": "5", "site": [1], "start": ["never"], "end": 1758189600},
    {"id": 4, "site": {"id": 981}, "unknown": {"a": 1}},
    {"id": 5, "site": {"id": "981"}, "unknown": [1]},
]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_stages_with_odd_values_become_a_table_with_datetimes(serving: Serving, form: Form, kind: str) -> None:
    service = serving(http_response(200, ODD_STAGES))
    stages = form(Site(id=981, client=service.client), "get_stages_metadata")
    table = getattr(stages, f"to_{kind}")()
    starts, ends = ([None if pd.isna(value) else value for value in table[name]] for name in ("start", "end"))
    assert starts == [datetime(2025, 9, 18, 11, tzinfo=UTC), *[None] * (len(stages) - 1)]
    assert [end for end in ends if end] == [datetime(2025, 9, 18, 10, tzinfo=UTC)]
    assert (
        str(table["start"].dtype)
        == {"pandas": "datetime64[us, UTC]", "polars": "Datetime(time_unit='us', time_zone='UTC')"}[kind]
    )
    assert len(table) == len(stages)
    assert str(table["id"][0]) == "1"


STAGES = {"add_aggregations": True, "start_date": datetime(2025, 9, 17, 12, tzinfo=UTC)}
LAST: dict[str, Any] = {
    "id": 7,
    "state": "frac_frac",
    "stage_number": 7,
    "site": 981,
    "start": "2025-11-02T05:30:00Z",
    "end": None,
}


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_stages_become_a_tidy_table(form: Form, kind: str) -> None:
    """The current stage has no id and no end, and yet ids are ints and times are datetimes."""
    stages = form(Site(id=981), "get_stages_metadata", **STAGES)
    assert "id" not in stages[0]
    table = getattr(stages, f"to_{kind}")()
    assert len(table) == len(stages)
    for name, types in {
        "id": {"Int64"},
        "site": {"Int64"},
        "stage_number": {"Int64"},
        "start": {"datetime64[us, UTC]", "Datetime(time_unit='us', time_zone='UTC')"},
        "end": {"datetime64[us, UTC]", "Datetime(time_unit='us', time_zone='UTC')"},
        "avg_slurry_rate": {"Float64"},
        "avg_gel_conc": {"Float64"},  # without any value
    }.items():
        assert str(table[name].dtype) in types
    number, stage = next((n, s) for n, s in enumerate(stages) if s.aggregations and s.aggregations.avg_slurry_rate)
    assert table["avg_slurry_rate"][number] == stage.aggregations.avg_slurry_rate
    assert table["id"][number] == stage.id


def test_aggregations_with_names_of_keys(serving: Serving, form: Form) -> None:
    numbers = {"id": 7, "state": 1, "avg_rate": 5, "odd": "x", "huge": 2**70, "text": "\ud800"}
    replies: dict[str, Reply] = {
        "/history/": http_response(200, [LAST]),
        "/aggregations/": http_response(200, {"981": [numbers]}),
    }
    service = serving(respond_by_path(replies))
    stages = form(Site(id=981, client=service.client), "get_stages_metadata", add_aggregations=True)
    for table in (stages.to_pandas(), stages.to_polars()):
        assert [*table["id"]] == [7]
        assert [*table["state"]] == ["frac_frac"]
        assert [*table["aggregations.state"]] == [1.0]
        assert str(table["avg_rate"].dtype) == "Float64"
        assert [*table["odd"]] == ["x"]
    assert stages.to_pandas()["huge"][0] == 2**70


def test_slices_are_lists_of_objects_too(serving: Serving, form: Form) -> None:
    pads = form(Pad, "get_models", client=serving(http_response(200, [{"id": n} for n in range(1, 40)])).client)
    assert type(pads[3:6]) is ObjectList
    assert [*pads[3:6].to_polars()["id"]] == [4, 5, 6]
    assert pads[-1].id == 39
    assert pickle.loads(pickle.dumps(pads[:2])) == copy.deepcopy(pads)[:2] == pads[:2]
    assert type(pickle.loads(pickle.dumps(pads))) is ObjectList


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
@pytest.mark.parametrize("seed", first(0, range(1, 9)))
def test_untidy_objects_become_tables(seed: int) -> None:
    with Sandbox(now=NOW, days=1, untidy=seed) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        pad = Pad(681, client=client)
        stages = pad.get_stages_metadata(add_aggregations=True, start_date=NOW - timedelta(hours=12))
        for objects in (Pad.get_models(client=client), pad.get_sites(), pad.get_states(), stages):
            for table in (objects.to_pandas(tz="US/Central", naive=True), objects.to_polars(tz="US/Central")):
                assert len(table) == len(objects)
            assert len(repr(objects)) < 2200
            assert "<table>" in objects._repr_html_()
