"""Lists of objects as tables."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pandas as pd
import polars as pl
import pytest

from datastore_sdk import ObjectList, Pad, Site, State
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response
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
@pytest.mark.parametrize(("source", "call", "arguments"), LISTS.values(), ids=LISTS)
def test_lists_become_tables(source: Any, call: str, arguments: dict[str, Any]) -> None:
    objects: ObjectList[Any] = getattr(source, call)(**arguments)
    assert type(objects) is ObjectList
    assert objects
    keys = [*dict.fromkeys(key for item in objects for key in item)]
    for table in (objects.to_pandas(), pd.DataFrame(objects), objects.to_polars(), pl.DataFrame([*objects])):
        assert [*table.columns] == keys
        assert len(table) == len(objects)
        assert [*table[keys[0]]] == [item[keys[0]] for item in objects]


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
    pads = form(Pad, "get_models", client=serving(http_response(200, [])).client)
    assert (len(pads.to_pandas()), len(pads.to_polars())) == (0, 0)


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
