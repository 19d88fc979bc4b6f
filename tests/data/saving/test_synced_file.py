"""Files are stored on the disk while they are written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datastore_sdk.data.saving.files import open_atomic
from datastore_sdk.data.saving.synced_file import WRITEBACK_BYTES

BLOCK = bytes(range(256)) * (WRITEBACK_BYTES >> 10)
"""Stores a quarter of the data at a time."""


def test_written_bytes_are_stored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int, int]] = []

    def advise(_: int, start: int, length: int, advice: int) -> None:
        calls.append((start, length, advice))

    monkeypatch.setattr(os, "posix_fadvise", advise, raising=False)
    monkeypatch.setattr(os, "POSIX_FADV_DONTNEED", 4, raising=False)
    _write(tmp_path / "records.json", blocks=9)
    assert calls == [(0, WRITEBACK_BYTES, 4), (WRITEBACK_BYTES, WRITEBACK_BYTES, 4)]


def test_write_without_posix_fadvise_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    _write(tmp_path / "records.json", blocks=9)


def test_write_with_refused_posix_fadvise_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)
    _write(tmp_path / "records.json", blocks=9)


def _write(target: Path, blocks: int) -> None:
    with open_atomic(target) as file:
        for _ in range(blocks):
            file.write(BLOCK)
    assert target.read_bytes() == BLOCK * blocks
