"""Where the `.partial` file is: beside the target, or in the temporary folder if that folder cannot hold it."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from datastore_sdk.exceptions import CallError, ResumeError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import Break, RecordService, records_of
from tests.data.saving.limited_folders import forbid_new_files
from tests.data.saving.test_invalid_targets import SITE
from tests.support.fixtures import ClientOf, Serve
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

ONCE = RetryPolicy(max_attempts=1)
RECORDS = records_of(300)


def partial_in(folder: Path) -> Path:
    """Return the only `.partial` file of a folder."""
    (path,) = folder.glob("*.partial")
    return path


@pytest.mark.parametrize("limit", ["write once", "only the target"])
def test_resume_in_a_folder_that_cannot_hold_it(
    limit: str,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    target: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if limit == "write once":
        request.getfixturevalue("write_once")
    else:
        forbid_new_files(target.parent, monkeypatch)
    caplog.set_level(logging.INFO, "datastore_sdk")
    service = RecordService(RECORDS, [Break(0.5), Break(0.1)])
    client = client_of(serve(service), retries=ONCE)
    for _ in range(2):
        with pytest.raises(CallError) as caught:
            form.save(client, [SITE], target, overwrite=True, resume=True)
        partial = partial_in(temporary)
        assert partial.name.startswith("records.json-")
        assert partial.stat().st_mode & 0o077 == 0
        assert str(partial) in caught.value.__notes__[0]
        assert "cannot hold records.json.partial" in caplog.text
        assert target.read_bytes().startswith(b"old")
    form.save(client, [SITE], target, overwrite=True, resume=True)
    assert json.loads(target.read_bytes()) == RECORDS
    assert read_files(temporary) == {}
    first, second, *_ = service.starts
    assert str(first) < str(second), "the records of the first run are not requested again"


def test_fallback_partial_belongs_to_one_target(
    form: Form, serve: Serve, client_of: ClientOf, write_once: Path, temporary: Path
) -> None:
    client = client_of(serve(RecordService(RECORDS, [Break(0.5)] * 2)), retries=ONCE)
    (write_once / "other").mkdir()
    for folder in (write_once, write_once / "other"):
        with pytest.raises(CallError):
            form.save(client, [SITE], folder / "records.csv", resume=True)
    assert len(read_files(temporary)) == 2


def test_fallback_partial_is_used_after_folder_recovers(
    form: Form, serve: Serve, client_of: ClientOf, target: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = RecordService(RECORDS, [Break(0.5)])
    client = client_of(serve(service), retries=ONCE)
    with monkeypatch.context() as patch:
        forbid_new_files(target.parent, patch)
        with pytest.raises(CallError):
            form.save(client, [SITE], target, overwrite=True, resume=True)
    form.save(client, [SITE], target, overwrite=True, resume=True)
    assert json.loads(target.read_bytes()) == RECORDS
    assert read_files(temporary) == {}
    assert str(service.starts[0]) < str(service.starts[1])


def test_folder_that_takes_no_file_fails_before_requests(
    form: Form, serve: Serve, client_of: ClientOf, target: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = RecordService(RECORDS)
    client = client_of(serve(service))
    forbid_new_files(target.parent, monkeypatch)
    with pytest.raises(PermissionError, match=r"new\.json\.partial"):
        form.save(client, [SITE], target.with_name("new.json"), resume=True)
    assert service.request_count == 0
    assert read_files(temporary) == {}


@pytest.mark.parametrize("planted", ["link", "file of another user"])
def test_planted_fallback_partial_is_refused(
    planted: str,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    write_once: Path,
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anybody can create files in the temporary folder, under a name that they can guess."""
    service = RecordService(RECORDS, [Break(0.5)])
    client = client_of(serve(service), retries=ONCE)
    path = write_once / "new.json"
    with pytest.raises(CallError):
        form.save(client, [SITE], path, resume=True)
    partial = partial_in(temporary)
    if planted == "link":
        partial.rename(tmp_path / "theirs")
        partial.symlink_to(tmp_path / "theirs")
    else:
        other = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(ResumeError, match="is not a file of this SDK"):
        form.save(client, [SITE], path, resume=True)
    assert service.request_count == 1


@pytest.mark.parametrize("resumed", [False, True])
def test_resumed_save_warns_of_misspelt_fields(
    resumed: bool, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    query = replace(SITE, fields=["slurry_rate", "slury_rate"])
    client = client_of(serve(RecordService(RECORDS, [Break(0.5)] if resumed else [])), retries=ONCE)
    if resumed:
        with pytest.raises(CallError):
            form.save(client, [query], tmp_path / "records.json", resume=True)
        assert "None of the" not in caplog.text
    form.save(client, [query], tmp_path / "records.json", resume=True)
    assert "None of the 300 records of site 981 has the fields 'slury_rate'" in caplog.text


def test_fields_received_by_earlier_runs_cause_no_warning(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = [{**record, "early": 1} if second == 0 else record for second, record in enumerate(RECORDS)]
    query = replace(SITE, fields=["early"])
    client = client_of(serve(RecordService(records, [Break(0.5)])), retries=ONCE)
    with pytest.raises(CallError):
        form.save(client, [query], tmp_path / "records.json", resume=True)
    form.save(client, [query], tmp_path / "records.json", resume=True)
    assert "None of the" not in caplog.text
