"""`<name>.unfinished` files: the records of a live save that is under way or was killed."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO

from datastore_sdk._io.file_lock import lock_file
from datastore_sdk.data.saving.scratch_folder import build_temporary_path, is_own_file
from datastore_sdk.data.saving.synced_file import open_synced_file

log = logging.getLogger("datastore_sdk")

SUFFIX = ".unfinished"
_MAX_STEM_LENGTH = 200
"""Maximum characters of the target's name in the name of such a file."""


def create_unfinished(target: Path, *, beside: bool) -> IO[bytes]:
    """Create the file of a save, and lock it if the file system has locks.

    A number distinguishes it from files of earlier saves.

    Args:
        target: The resolved path of the target.
        beside: Whether it is beside the target, or in the temporary folder.

    Raises:
        OSError: The folder cannot hold it.
    """
    first = _beside(target) if beside else build_temporary_path(target, SUFFIX)
    for number in count(1):
        path = first.with_name(first.name + (f"-{number}" if number > 1 else ""))
        with suppress(FileExistsError):
            file = open_synced_file(path, "xb")
            if os.name != "nt":  # Windows lets nobody read a locked file, and deletes no open one anyway
                with suppress(BlockingIOError):
                    lock_file(file)
            if not beside:
                log.info("%s cannot hold %s, which is written to %s", target.parent, _beside(target).name, path)
            return file
    raise AssertionError


def find_unfinished(target: Path) -> list[Path]:
    """Return the files with the records of saves to a path, oldest first, including saves that are under way."""
    target = target.resolve()
    elsewhere = _find_numbered(build_temporary_path(target, SUFFIX))
    found = [*_find_numbered(_beside(target)), *((path, status) for path, status in elsewhere if is_own_file(status))]
    return [path for path, _ in sorted(found, key=lambda each: each[1].st_mtime)]


def find_abandoned(target: Path) -> list[Path]:
    """Return the files of saves that were killed, oldest first."""
    abandoned: list[Path] = []
    for path in find_unfinished(target):
        with suppress(OSError):  # a save has just ended, or the file of another user cannot be read
            if file := open_abandoned(path):
                file.close()
                abandoned.append(path)
    return abandoned


def open_abandoned(path: Path) -> IO[bytes] | None:
    """Open the file of a save that was killed, and lock it until it is closed; None if a save writes to it.

    Raises:
        OSError: The file cannot be read.
    """
    file: IO[bytes]
    try:
        file = path.open("r+b")  # on network drives, only files open for writing can be locked
    except OSError:
        file = path.open("rb")
    try:
        lock_file(file)
    except BlockingIOError:
        file.close()
        return None
    return file


def _beside(target: Path) -> Path:
    return target.with_name(target.name[:_MAX_STEM_LENGTH] + SUFFIX)


def _find_numbered(first: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the existing files with a name, or that name and a number, and their status."""
    with suppress(FileNotFoundError):
        for path in first.parent.iterdir():
            number = path.name.removeprefix(f"{first.name}-")
            if path.name == first.name or (number != path.name and number.isdecimal()):
                with suppress(FileNotFoundError):  # a save has just ended
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):
                        yield path, status
