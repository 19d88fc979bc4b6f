"""Newline-delimited JSON, and text formats compressed."""

from __future__ import annotations

import gzip
import json
import subprocess
import zlib
from pathlib import Path

import pytest
import zstandard

from datastore_sdk import Data
from datastore_sdk.exceptions import TruncatedBodyError
from tests.data.arrow.conftest import Of
from tests.data.arrow.table_helpers import parse_lines, write_batches
from tests.support.sync_async_calls import Form

RECORDS = (b'{"timestamp": 1, "a": 5, "b": 5.0}', b'{"timestamp":2,"text":"{\\n}, \\u20ac \xc3\xa9","b":1e400,"c":1E5}')


def test_a_record_a_line_as_the_service_sent_it(tmp_path: Path) -> None:
    assert write_batches(tmp_path / "data.ndjson", RECORDS, RECORDS[:1]) == b"".join(
        line + b"\n" for line in (*RECORDS, RECORDS[0])
    )


def test_line_breaks_of_the_service_are_none_in_the_file(tmp_path: Path) -> None:
    loose = (b'{\r\n  "a": 1,\n\n  "b": "two\\nlines"\r}', b'{"a":\n2}', b'{"a":\r3}')
    lines = write_batches(tmp_path / "data.jsonl", loose, RECORDS)
    assert b"\r" not in lines
    assert write_batches(tmp_path / "data.ndjson", (b'{"a":\r3}',)) == b'{"a": 3}\n'
    assert parse_lines(lines) == [json.loads(text) for text in (*loose, *RECORDS)]


def test_missing_numbers_are_null(tmp_path: Path) -> None:
    lines = write_batches(tmp_path / "data.ndjson", (b'{"a":"Infinity","b":"to Infinity","Infinity":5}', b'{"a":0.10}'))
    assert lines == b'{"a":null,"b":"to Infinity","Infinity":5}\n{"a":0.10}\n'


@pytest.mark.parametrize("suffix", [".ndjson", ".json", ".csv"])
def test_no_records(of: Of, form: Form, tmp_path: Path, suffix: str) -> None:
    for packed in ("", ".gz", ".zst"):
        form(of(b"[]"), "save", tmp_path / f"data{suffix}{packed}")
    uncompressed = (tmp_path / f"data{suffix}").read_bytes()
    assert uncompressed == {".json": b"[]\n", ".ndjson": b"", ".csv": b'"timestamp","site_id"\n'}[suffix]
    assert gzip.decompress((tmp_path / f"data{suffix}.gz").read_bytes()) == uncompressed
    assert (
        zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / f"data{suffix}.zst").read_bytes())
        == uncompressed
    )


@pytest.mark.parametrize("suffix", [".ndjson", ".jsonl", ".json", ".csv"])
def test_compressed_files_hold_what_plain_ones_do(hours: Data, form: Form, tmp_path: Path, suffix: str) -> None:
    for packed in ("", ".gz", ".zst"):
        form(hours, "save", tmp_path / f"data{suffix}{packed}")
    uncompressed = (tmp_path / f"data{suffix}").read_bytes()
    packed_by_gzip = (tmp_path / f"data{suffix}.gz").read_bytes()
    packed_by_zstd = (tmp_path / f"data{suffix}.zst").read_bytes()
    assert len(uncompressed) > 2 * max(len(packed_by_gzip), len(packed_by_zstd))
    assert gzip.decompress(packed_by_gzip) == uncompressed
    with zstandard.open(tmp_path / f"data{suffix}.zst", "rb") as file:
        assert file.read() == uncompressed
    assert zstandard.get_frame_parameters(packed_by_zstd).has_checksum
    if suffix == ".ndjson":
        assert parse_lines(uncompressed) == form.records(hours)


def test_gzip_itself_reads_the_file(tmp_path: Path) -> None:
    packed = write_batches(tmp_path / "data.json.gz", RECORDS)
    subprocess.run(["gzip", "--test", tmp_path / "data.json.gz"], check=True)
    assert packed[3:8] == bytes(5)  # no flags, so no name either, and no time
    with pytest.raises(EOFError):
        gzip.decompress(packed[:-1])
    assert zlib.decompress(packed, wbits=31)


@pytest.mark.parametrize("suffix", [".ndjson", ".json.gz", ".csv.zst", ".parquet", ".arrow"])
def test_after_a_failure_the_old_file_is_still_there(of: Of, form: Form, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data{suffix}"
    cut = of(b'[{"timestamp": 1, "a": 5},\n{"timestamp": 2')
    with pytest.raises(TruncatedBodyError):
        form(cut, "save", path)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"old")
    with pytest.raises(TruncatedBodyError):
        form(cut, "save", path, overwrite=True)
    with pytest.raises(FileExistsError):
        form(cut, "save", path)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(path.name, b"old")]
