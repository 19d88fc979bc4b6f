"""Checks for leaked sockets, threads and files."""

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
"""Seconds within which threads and sockets must end."""


@contextmanager
def assert_no_leaks() -> Generator[None]:
    """Fail if the block leaves a socket open or a thread running."""
    gc.freeze()  # existing objects need no second look, so collecting garbage is fast
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
    """Return the file descriptors of the open sockets of this process."""
    return {number for number in [int(path.name) for path in Path("/dev/fd").iterdir()] if _is_socket(number)}


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files in a folder, including hidden ones."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:  # the descriptor of the folder itself
        return False
