"""The format is chosen by the suffix, and what it needs must be there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from datastore_sdk import Data, DataAsync, Site
from datastore_sdk.data.writers.registry import find_writer
from datastore_sdk.sandbox import Sandbox
from tests.support.paths import PYTHONPATH
from tests.support.sync_async_calls import Form, list_requests

TEXTS = [".json", ".csv", ".ndjson", ".jsonl"]
ALL = [text + packed for text in TEXTS for packed in ("", ".gz", ".zst")] + [".parquet", ".arrow", ".feather"]


@pytest.mark.parametrize("suffix", ALL)
def test_every_format(hours: Data, sandbox: Sandbox, form: Form, tmp_path: Path, suffix: str) -> None:
    records = form.records(hours)
    sandbox.requests.clear()
    for name in (f"pad 681.2025-09-09{suffix}", f"data{suffix.upper()}"):
        form(hours, "save", tmp_path / name)
    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(contents) == 2  # and no spool beside them
    assert len(set(contents.values())) == 1  # the same records give the same file
    assert len(records) == 901
    fields = ["/fields/"] if suffix in {".parquet", ".arrow", ".feather"} else []
    assert [request.path.partition("981")[2] for request in sandbox.requests] == [*fields, "/data/"] * 2


@pytest.mark.parametrize(
    "name",
    [
        "data",
        "data.gz",
        "data.zst",
        ".json",
        ".json.gz",
        "data.txt",
        "data.json.zip",
        "data.csv.json",
        "data.json.json",
        "data.json.csv.gz",
        "data.json.gz.gz",
        "data.gz.json",
        "data.parquet.gz",
        "data.arrow.zst",
        "data.parquet.csv",
        "data.gz.parquet",
        "json",
    ],
)
def test_no_format(name: str) -> None:
    with pytest.raises(ValueError, match="the format is chosen by the suffix, which must be one of") as error:
        find_writer(Path("folder.csv", name))
    assert str(error.value).startswith(f"'{name}': ")
    assert all(suffix in str(error.value) for suffix in [*TEXTS, ".gz", ".zst", ".parquet", ".arrow", ".feather"])


def test_no_format_no_request(hours: Data, sandbox: Sandbox, form: Form, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'data\.parquet\.gz': the format is chosen by the suffix"):
        form(hours, "save", tmp_path / "new" / "data.parquet.gz")
    assert list_requests(sandbox) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["data.2025.csv", "a.b.c.ndjson.gz", "data.json.d.csv", "data.zip.parquet"])
def test_dots_in_names(name: str) -> None:
    assert callable(find_writer(Path(name)))


@pytest.mark.parametrize(
    ("suffix", "module", "extra"),
    [
        (".parquet", "pyarrow", "arrow"),
        (".arrow", "pyarrow", "arrow"),
        (".feather", "pyarrow", "arrow"),
        (".json.zst", "zstandard", "zstd"),
    ],
)
def test_a_format_whose_extra_is_missing(
    hours: Data,
    sandbox: Sandbox,
    form: Form,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    module: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / f"old{suffix}").write_bytes(b"old")
    for name in (f"new/data{suffix}", f"old{suffix}"):
        with pytest.raises(ImportError) as error:
            form(hours, "save", tmp_path / name, overwrite=True)
        assert f'{module}; run: pip install "restream-datastore-sdk[{extra}]"' in str(error.value)
        assert error.value.name == module
    assert list_requests(sandbox) == []
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(f"old{suffix}", b"old")]


@pytest.mark.parametrize(
    ("call", "module", "extra"),
    [
        ("to_arrow", "pyarrow", "arrow"),
        ("to_pandas", "pandas", "pandas"),
        ("to_pandas", "pyarrow", "pandas"),
        ("to_polars", "polars", "polars"),
        ("to_polars", "pyarrow", "polars"),
    ],
)
def test_a_frame_whose_extra_is_missing(
    hours: Data | DataAsync,
    sandbox: Sandbox,
    form: Form,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    module: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError) as error:
        form(hours, call)
    assert f'{module}; run: pip install "restream-datastore-sdk[{extra}]"' in str(error.value)
    assert list_requests(sandbox) == []


def test_the_capsule_without_pyarrow(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[arrow\]"):
        Site(id=981).get_data().__arrow_c_stream__()
    assert list_requests(sandbox) == []


def test_extras_are_imported_only_when_they_are_used() -> None:
    code = (
        "import sys; from datastore_sdk import Pad; "
        "print(sys.modules.keys() & {'pyarrow', 'pandas', 'polars', 'zstandard', 'numpy'})"
    )
    environment = {"PYTHONPATH": PYTHONPATH}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
