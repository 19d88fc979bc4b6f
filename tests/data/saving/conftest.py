"""Fixtures of the tests of saving."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.data.saving.limited_folders import make_write_once


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an existing file, alone in its folder."""
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / "records.json"
    path.write_bytes(b"old, and longer than what is new")
    return path


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace the temporary folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def write_once(target: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the target's folder write-once, and return it."""
    make_write_once(target.parent, monkeypatch)
    return target.parent
