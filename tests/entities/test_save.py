"""Records in files: as JSON and as CSV, exact, whole or not there."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from datastore_sdk import Pad, Site, StageNameFilters
from datastore_sdk.exceptions import CorruptBodyError, TruncatedBodyError
from datastore_sdk.sandbox import Sandbox
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response
from tests.support.sync_async_calls import Form, list_requests

START = datetime(2025, 9, 9, 7, tzinfo=UTC)
OLD = b"what was there before"

Interval = tuple[datetime, datetime]


@pytest.fixture(scope="module")
def hours(http: httpx.Client) -> Interval:
    """Wireline, standby and a frac stage in turn: columns appear late, and values of every type are there."""
    stages = http.get("/sites/981/history/", params={"state": "frac", "stage_number": 10}).json()
    begins = datetime.fromisoformat(stages[0]["start"])
    return begins - timedelta(hours=1), begins + timedelta(hours=1)


@pytest.fixture(scope="module")
def literal(http: httpx.Client, hours: Interval) -> list[dict[str, str | None]]:
    """The records of those hours with the literal that the service wrote for each value."""
    start, end = (f"{timestamp:%Y-%m-%d %H:%M:%S}" for timestamp in hours)
    text = http.get("/sites/981/data/", params={"start_datetime": start, "end_datetime": end}).text
    raw = json.loads(text, parse_int=_Literal, parse_float=_Literal)
    return [{name: _literal(value) for name, value in record.items()} for record in raw]


class _Literal(str):
    __slots__ = ()


def _literal(value: object) -> str | None:
    """Return a value as a cell of CSV must have it."""
    if value is None or value == "Infinity":
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.usefixtures("sandbox")
def test_json(form: Form, tmp_path: Path, hours: Interval) -> None:
    data = form(Site(id=981), "get_data", *hours)
    form(data, "save", tmp_path / "data.json")
    text = (tmp_path / "data.json").read_text("utf-8")
    records = form.records(data)
    assert json.loads(text) == records
    first, *lines, last = text.splitlines()
    assert (first, last) == ("[", "]")
    assert [json.loads(line.removesuffix(",")) for line in lines] == records
    assert {type(value) for record in records for value in record.values()} == {int, float, str, bool, type(None)}


@pytest.mark.usefixtures("sandbox")
def test_json_keeps_every_literal(
    form: Form, tmp_path: Path, hours: Interval, literal: list[dict[str, str | None]]
) -> None:
    form(form(Site(id=981), "get_data", *hours), "save", tmp_path / "data.json")
    text = (tmp_path / "data.json").read_text("utf-8")
    saved = json.loads(text, parse_int=_Literal, parse_float=_Literal)
    assert [{name: _literal(value) for name, value in record.items()} for record in saved] == literal
    assert "Infinity" not in text


@pytest.mark.usefixtures("sandbox")
def test_csv_keeps_every_literal(
    form: Form, tmp_path: Path, hours: Interval, literal: list[dict[str, str | None]]
) -> None:
    form(form(Site(id=981), "get_data", *hours), "save", tmp_path / "data.csv")
    with (tmp_path / "data.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    expected = [{name: value for name, value in record.items() if value is not None} for record in literal]
    assert [{name: cell for name, cell in zip(header, row, strict=True) if cell} for row in rows] == expected
    cells = {cell for row in rows for cell in row}
    assert {"O", "C"} <= cells
    assert {"true", "false"} & cells
    assert None in [value for record in literal for value in record.values()]


@pytest.mark.usefixtures("sandbox")
def test_csv_columns_come_in_order_of_first_appearance(form: Form, tmp_path: Path, hours: Interval) -> None:
    data = form(Site(id=981), "get_data", *hours)
    form(data, "save", tmp_path / "data.csv")
    records = form.records(data)
    columns = list(dict.fromkeys(name for record in records for name in record))
    header, *rows = (tmp_path / "data.csv").read_text("utf-8").splitlines()
    assert header == ",".join(f'"{column}"' for column in columns)
    assert len(rows) == len(records)
    assert set(columns) > set(records[0])
    assert {"clean_conductivity_25c", "clean_conductivity_25C", "_external_power_"} <= set(columns)


@pytest.mark.parametrize("suffix", [".json", ".csv", ".JSON", ".Csv"])
def test_one_download_for_one_file(sandbox: Sandbox, form: Form, tmp_path: Path, suffix: str) -> None:
    data = form(Pad(id=681), "get_data", START, START, is_routed=True, stage_name_filter=StageNameFilters.FRAC)
    assert form(data, "save", tmp_path / f"data{suffix}") is None
    assert len(list_requests(sandbox)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"data{suffix}"]


@pytest.mark.usefixtures("sandbox")
def test_no_records(form: Form, tmp_path: Path) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    data = form(Site(id=981), "get_data", long_ago, long_ago)
    form(data, "save", tmp_path / "data.json")
    form(data, "save", tmp_path / "data.csv")
    assert json.loads((tmp_path / "data.json").read_bytes()) == []
    assert (tmp_path / "data.csv").read_bytes() == b'"timestamp","site_id"\n'


@pytest.mark.usefixtures("sandbox")
def test_paths(form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    data = form(Site(id=981), "get_data", START, START)
    for path in ("./data/of pad/data.json", Path("wells", "1WA", "data.csv"), "~/data.json"):
        form(data, "save", path)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == ["data/of pad/data.json", "home/data.json", "wells/1WA/data.csv"]


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_a_file_is_replaced_only_where_that_was_said(sandbox: Sandbox, form: Form, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data{suffix}"
    path.write_bytes(OLD)
    data = form(Site(id=981), "get_data", START, START)
    with pytest.raises(FileExistsError, match=f"data{suffix} exists already; pass overwrite=True to replace it"):
        form(data, "save", path)
    with pytest.raises(FileExistsError):
        form(data, "save", str(path), overwrite=False)
    assert list_requests(sandbox) == []
    assert path.read_bytes() == OLD
    form(data, "save", path, overwrite=True)
    assert b"timestamp" in path.read_bytes()


@pytest.mark.parametrize("name", ["data", "data.gz", "data.csv.json", ".json", "data.xlsx"])
def test_a_suffix_that_no_format_has(sandbox: Sandbox, form: Form, tmp_path: Path, name: str) -> None:
    data = form(Site(id=981), "get_data", START, START)
    with pytest.raises(ValueError, match=r"the format is chosen by the suffix, which must be one of \.json, \.csv"):
        form(data, "save", tmp_path / "new" / name)
    assert list_requests(sandbox) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(sandbox: Sandbox, form: Form, tmp_path: Path) -> None:
    (tmp_path / "data.json").mkdir()
    data = form(Site(id=981), "get_data", START, START)
    for overwrite in (False, True):
        with pytest.raises(IsADirectoryError, match="is a directory; name a file in it"):
            form(data, "save", tmp_path / "data.json", overwrite=overwrite)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize("path", [None, 5, b"data.json"])
def test_a_path_that_is_none(sandbox: Sandbox, form: Form, path: Any) -> None:
    with pytest.raises(TypeError):
        form(form(Site(id=981), "get_data", START, START), "save", path)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'[{"timestamp": 1, "a": 5},\n{"timestamp": 2', TruncatedBodyError),
        (b'[{"timestamp": 1}, oops]', CorruptBodyError),
    ],
    ids=["cut", "damaged"],
)
@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_after_a_failure_the_old_file_is_still_there(
    serving: Serving, form: Form, tmp_path: Path, body: bytes, error: type[Exception], suffix: str
) -> None:
    data = form(Site(id=981, client=serving(http_response(200, body)).client), "get_data")
    path = tmp_path / f"data{suffix}"
    with pytest.raises(error):
        form(data, "save", path)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(OLD)
    with pytest.raises(error):
        form(data, "save", path, overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == OLD


@contextmanager
def umask(mask: int) -> Generator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.usefixtures("sandbox")
def test_permissions(form: Form, tmp_path: Path) -> None:
    data = form(Site(id=981), "get_data", START, START)
    with umask(0o027):
        form(data, "save", tmp_path / "new.json")
        (tmp_path / "old.json").touch(0o604)
        (tmp_path / "old.json").chmod(0o604)
        form(data, "save", tmp_path / "old.json", overwrite=True)
    assert (tmp_path / "new.json").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "old.json").stat().st_mode & 0o777 == 0o604


@pytest.mark.usefixtures("sandbox")
def test_what_a_link_points_to_is_replaced_and_not_the_link(form: Form, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_bytes(OLD)
    (tmp_path / "link.json").symlink_to("real.json")
    form(form(Site(id=981), "get_data", START, START), "save", tmp_path / "link.json", overwrite=True)
    assert (tmp_path / "link.json").is_symlink()
    assert len(json.loads((tmp_path / "real.json").read_bytes())) == 1
