"""`<name>.unfinished` files: where they are, which of them are in use, and their recovery."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.data.saving.files import open_atomic, open_unfinished
from datastore_sdk.data.saving.recovery import recover
from datastore_sdk.data.saving.unfinished import find_abandoned
from datastore_sdk.exceptions import ResumeError
from tests.data.saving.limited_folders import forbid_new_files
from tests.support.leak_checks import read_files

LINES = b'{"timestamp":1,"site_id":9}\n{"timestamp":2,"site_id":9}\n'
RECORDS = [{"timestamp": 1, "site_id": 9}, {"timestamp": 2, "site_id": 9}]

needs_locks = pytest.mark.skipif(os.name == "nt", reason="Windows itself protects open files")


class KilledError(Exception):
    """The save ended without completing its file."""


def kill_save(target: Path, content: bytes = LINES) -> None:
    """Leave the `.unfinished` file of a save that was killed."""
    with suppress(KilledError), open_unfinished(target) as file:
        file.write(content)
        raise KilledError


@needs_locks
@pytest.mark.parametrize("is_named", [False, True])
def test_records_of_a_running_save_are_not_recovered(is_named: bool, tmp_path: Path) -> None:
    """Otherwise a program that is started twice would take them away from the first."""
    target, unfinished = tmp_path / "shift.ndjson", tmp_path / "shift.ndjson.unfinished"
    with open_atomic(target, keep_unfinished=True) as file:
        file.write(LINES)
        file.flush()
        assert find_abandoned(target) == []
        with pytest.raises(ResumeError, match=r"shift\.ndjson\.unfinished is in use") as raised:
            recover(target, unfinished if is_named else None)
        assert raised.value.path == unfinished
    assert read_files(tmp_path) == {"shift.ndjson": LINES}


def test_unreadable_files_do_not_matter_to_a_new_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of another user, and that of a save that ends while it is looked for."""
    target = tmp_path / "shift.json"
    for _ in range(3):
        kill_save(target)
    opens: Callable[..., Any] = Path.open

    def open_path(path: Path, *arguments: Any) -> Any:
        if path.name.endswith("unfinished"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        if path.name.endswith("-2"):
            path.unlink()
        return opens(path, *arguments)

    monkeypatch.setattr(Path, "open", open_path)
    assert find_abandoned(target) == [tmp_path / "shift.json.unfinished-3"]


@needs_locks
def test_killed_save_is_recovered_beside_a_running_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    target = tmp_path / "shift.json"
    kill_save(target)
    with open_unfinished(target) as file, caplog.at_level(logging.WARNING):
        file.write(b'{"timestamp":3}\n')
        file.flush()
        assert recover(target) == 2
        assert "shift.json.unfinished-2 is in use" in caplog.text
        assert json.loads(target.read_bytes()) == RECORDS
        assert Path(file.name).exists()


def test_existing_target_is_kept_and_the_way_named(tmp_path: Path) -> None:
    target = tmp_path / "shift.json"
    kill_save(target)
    target.write_bytes(b"[]")
    unfinished = tmp_path / "shift.json.unfinished"
    with pytest.raises(FileExistsError, match=rf"recover to another path, with unfinished='{unfinished}'"):
        recover(target)
    assert recover(tmp_path / "night.json", unfinished) == 2
    assert read_files(tmp_path) == {"shift.json": b"[]", "night.json": (tmp_path / "night.json").read_bytes()}


@pytest.mark.parametrize("limit", ["write once", "only the target"])
def test_unfinished_file_in_the_temporary_folder(
    limit: str,
    target: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mount that writes once may store nothing before a file is closed, so a kill would lose everything."""
    if limit == "write once":
        request.getfixturevalue("write_once")
    else:
        forbid_new_files(target.parent, monkeypatch)
    caplog.set_level(logging.INFO, "datastore_sdk")
    kill_save(target)
    kill_save(target)
    assert len(read_files(temporary)) == 2
    for name in read_files(temporary):
        assert str(temporary / name) in caplog.text
    assert find_abandoned(target.with_name("other.json")) == []
    assert recover(target, overwrite=True) == 4
    assert json.loads(target.read_bytes()) == RECORDS * 2
    assert read_files(temporary) == {}


@pytest.mark.usefixtures("write_once", "temporary")
def test_unfinished_file_of_another_user_is_ignored(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can create files in the temporary folder, under a name that they can guess."""
    kill_save(target)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(FileNotFoundError, match=r"records\.json\.unfinished"):
        recover(target, overwrite=True)
