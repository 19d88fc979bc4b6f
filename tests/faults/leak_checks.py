"""What no call may do, whatever it meets: hang, leave something behind, tell a secret."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

TIMEOUT_SECONDS = 30
"""Seconds after which a call is taken to hang."""
GRACE = 5.0
"""Seconds that the other side of a connection has to notice that it has ended."""


@contextmanager
def time_limit() -> Generator[None]:
    """Interrupts a block that hangs, wherever the main thread waits."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"a call hangs: nothing came of it in {TIMEOUT_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def assert_no_leaks() -> Generator[None]:
    """Fails where a block leaves files or sockets open or threads running; garbage collection is no way out."""
    files, threads = _open_files(), _threads()
    yield
    end = time.monotonic() + GRACE
    while left := (_open_files() - files) | (_threads() - threads):
        assert time.monotonic() < end, left
        time.sleep(0.001)


def _threads() -> set[threading.Thread]:
    """Those that are running, but for the ones that the sandbox keeps for later."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("AnyIO")}


def _open_files() -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for number in os.listdir("/dev/fd"):  # noqa: PTH208 - faster, and this is done very often
        try:
            found.add((int(number), os.readlink(f"/dev/fd/{number}")))  # noqa: PTH115 - as above
        except OSError:
            continue
    return found


async def list_running_tasks() -> set[str]:
    """The tasks that are running beside the one that asks."""
    return {repr(task) for task in asyncio.all_tasks() - {asyncio.current_task()}}


class _LogCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def capture_logs() -> Generator[list[str]]:
    """What any library logs meanwhile, at any level."""
    root, heard = logging.getLogger(), _LogCollector()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        yield heard.lines
    finally:
        root.removeHandler(heard)
        root.setLevel(level)


def render_error_chain(error: BaseException) -> str:
    """All that an error tells, with those that it came from."""
    chain = [error, *filter(None, (error.__cause__, error.__context__))]
    return "".join([*traceback.format_exception(error), *(f"{each!r} {vars(each)}" for each in chain)])


def read_files(folder: Path) -> dict[str, bytes]:
    """All files in a folder, with their contents."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_no_secret(texts: Collection[str], secrets: Collection[str]) -> None:
    """Fails where a text holds a secret."""
    for text in texts:
        for secret in secrets:
            assert secret not in text, "a secret was told"
