"""What a test may not leave behind: sockets, threads, files."""

from __future__ import annotations

import gc
import os
import stat
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

GRACE = 2.0
"""Seconds that threads and sockets have to go away by themselves."""


@contextmanager
def assert_no_leaks() -> Generator[None]:
    """Fails where the block leaves a socket open or a thread running."""
    gc.freeze()  # what is there already need not be looked at again: collecting garbage becomes quick
    sockets, threads = open_sockets(), set(threading.enumerate())
    try:
        yield
    finally:
        gc.collect()
    end = time.monotonic() + GRACE
    while (left := (open_sockets() - sockets, set(threading.enumerate()) - threads)) != (set(), set()):
        assert time.monotonic() < end, left
        time.sleep(0.01)
        gc.collect()


def open_sockets() -> set[int]:
    """The sockets that this process has open, by file number."""
    return {number for number in [int(path.name) for path in Path("/dev/fd").iterdir()] if _is_socket(number)}


def read_files(folder: Path) -> dict[str, bytes]:
    """All files in a folder, hidden ones too, with their contents."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:  # that through which the folder itself was read
        return False
