"""Folders that cannot do what most can, simulated by patching `os`."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.data.saving import atomic_file

Refuse = Callable[..., None]


def refuse_with(code: int) -> Refuse:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


def make_write_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder write-once: it creates files, opens them for reading or writing, and never renames or deletes."""
    opens, os_open = Path.open, os.open

    def inside(path: Any) -> bool:
        own = Path(os.fsdecode(path)) if hasattr(path, "__fspath__") or isinstance(path, str) else Path()
        return folder in (own, *own.parents)

    def guard(real: Any) -> Any:
        def call(path: Any, *others: Any, **options: Any) -> Any:
            if inside(path) or (others and inside(others[0])):
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))
            return real(path, *others, **options)

        return call

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        if inside(path) and "+" in mode:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return opens(path, mode, *others, **options)

    def low_level(path: Any, flags: int, *others: Any, **options: Any) -> int:
        if inside(path) and flags & os.O_RDWR:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return os_open(path, flags, *others, **options)

    for name in ("rename", "replace", "unlink", "link", "chmod"):
        monkeypatch.setattr(os, name, guard(getattr(os, name)))
    monkeypatch.setattr(Path, "open", open_path)
    monkeypatch.setattr(os, "open", low_level)
    monkeypatch.setattr(atomic_file, "_UnnamedFile", refuse_with(errno.EOPNOTSUPP))


def forbid_new_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder one in which only existing files can be written."""
    opens, os_open = Path.open, os.open

    def is_new(path: Any) -> bool:
        return Path(path).parent == folder and not Path(path).exists()

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        if path.parent == folder and ("x" in mode or is_new(path)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opens(path, mode, *others, **options)

    def low_level(path: Any, flags: int, *others: Any, **options: Any) -> int:
        if flags & os.O_CREAT and is_new(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return os_open(path, flags, *others, **options)

    monkeypatch.setattr(Path, "open", open_path)
    monkeypatch.setattr(os, "open", low_level)
    monkeypatch.setattr(atomic_file, "_UnnamedFile", refuse_with(errno.EOPNOTSUPP))
    monkeypatch.setattr(atomic_file, "_create_locked", _refuse_in(folder, atomic_file._create_locked))


def _refuse_in(folder: Path, create: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def guard(target: Path) -> Any:
        if target.parent == folder:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        return create(target)

    return guard
