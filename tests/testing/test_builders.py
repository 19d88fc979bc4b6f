"""Builders of objects and data for users' own tests."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Data, DataAsync, Pad, Record
from datastore_sdk.testing import make_data_change, make_pad, make_site, make_stage, make_state

RECORDS: list[Record] = [
    {"timestamp": 1757376000, "site_id": 981, "slurry_rate": 90.5, "valve": "O"},
    {"timestamp": 1757376001, "site_id": 981, "slurry_rate": 91},
]


def test_builders_fill_all_attributes() -> None:
    pad, site, state = make_pad(), make_site(name="A 1H"), make_state(site_id=5, stage_number=7)
    assert (pad.id, pad.name, pad.simops_config, pad.wireline_enabled) == (668, "Pad 668", None, False)
    assert (site.name, site.pad_id, site.timezone, site.metadata.first_timestamp) == ("A 1H", 668, "US/Central", None)
    assert (state.site_id, state.site.id, state.calculated_stage_number) == (5, 5, 7)
    for each in (pad, site, state, make_data_change()):
        assert all(hasattr(each, name) for name in type(each).model_fields)


def test_make_stage_has_aggregations() -> None:
    stage = make_stage(3, site_id=5, aggregations={"avg_slurry_rate": 91.5, "my_own": None})
    assert (stage.stage_number, stage.site_id, stage["site"]) == (3, 5, 5)
    assert stage.aggregations is not None
    assert stage.aggregations.avg_slurry_rate == 91.5
    assert stage.aggregations["my_own"] is None
    current = make_stage(end=None, id=None)
    assert (current.end, "id" in current) == (None, False)


def test_make_data_change_has_an_interval() -> None:
    change = make_data_change(7, site_id=5, modification_subtype="delete")
    assert (change.id, change.site_id, change.modification_subtype) == (7, 5, "delete")
    assert change.start_date < change.end_date


def test_unknown_attributes_are_refused() -> None:
    with pytest.raises(TypeError, match="nmae"):
        make_pad(nmae="x")
    with pytest.raises(ValueError, match="wireline_enabled"):
        make_pad(wireline_enabled="perhaps")


def test_from_records_behaves_like_downloaded_data(tmp_path: Path) -> None:
    data = Data.from_records(RECORDS)
    assert list(data) == RECORDS
    assert list(data.data_fetcher) == RECORDS
    assert data.head(1) == RECORDS[:1]
    data.save(tmp_path / "data.json")
    assert json.loads((tmp_path / "data.json").read_bytes()) == RECORDS
    table = data.to_arrow()
    assert table.column_names == ["timestamp", "site_id", "slurry_rate", "valve"]
    assert table["slurry_rate"].to_pylist() == [90.5, 91.0]
    assert len(data.to_pandas()) == 2


def test_from_records_without_records_is_empty() -> None:
    assert list(Data.from_records([])) == []


def test_from_records_async() -> None:
    async def collect() -> list[dict[str, Any]]:
        return [record async for record in DataAsync.from_records(RECORDS)]

    assert asyncio.run(collect()) == RECORDS


def test_from_records_accepts_datetimes_and_several_sites() -> None:
    start = datetime(2025, 9, 9, tzinfo=UTC)
    records: list[Record] = [{"timestamp": start, "site_id": site} for site in (981, 982)]
    assert list(Data.from_records(records)) == [{"timestamp": 1757376000, "site_id": site} for site in (981, 982)]


@pytest.mark.parametrize(
    ("records", "error", "message"),
    [
        ([5], TypeError, "record 0 must be a dict"),
        ([{"timestamp": 1, "x": [1]}], TypeError, r"record 0\['x'\] must be a str"),
        ([{"timestamp": datetime(2025, 9, 9)}], ValueError, "time zone"),  # noqa: DTZ001 - refused
    ],
)
def test_from_records_refuses_what_is_not_a_record(records: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Data.from_records(records)


def test_builders_need_neither_pytest_nor_extras() -> None:
    program = (
        "import sys\n"
        "for name in ('pytest', 'vcr', 'yaml', 'starlette', 'uvicorn'): sys.modules[name] = None\n"
        "from datastore_sdk.testing import make_pad\n"
        "print(make_pad().name)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "Pad 668\n"


def test_built_objects_are_entities() -> None:
    assert isinstance(make_pad(), Pad)
    assert make_pad() == make_pad()
