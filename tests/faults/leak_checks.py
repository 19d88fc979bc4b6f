"""Checks that hold for every call: it ends, leaks nothing and shows no secret."""

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
from types import FrameType

TIMEOUT_SECONDS = 30
"""Maximum number of seconds of a call."""
GRACE = 5.0
"""Seconds within which the peer must notice the end of a connection."""


@contextmanager
def time_limit() -> Generator[None]:
    """Interrupt a block that hangs in the main thread."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"a call hangs: it did not end within {TIMEOUT_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def assert_no_leaks() -> Generator[None]:
    """Fail if a block leaves files or sockets open or threads running, without a garbage collection."""
    files, threads = _open_files(), _threads()
    yield
    end = time.monotonic() + GRACE
    while left := (_open_files() - files) | (_threads() - threads):
        assert time.monotonic() < end, left
        time.sleep(0.001)


def _threads() -> set[threading.Thread]:
    """Return the running threads, without the idle workers of the sandbox."""
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
    """Return the other running tasks."""
    return {repr(task) for task in asyncio.all_tasks() - {asyncio.current_task()}}


class _LogCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def capture_logs() -> Generator[list[str]]:
    """Collect log lines of all libraries at every level."""
    root, collector = logging.getLogger(), _LogCollector()
    level = root.level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    try:
        yield collector.lines
    finally:
        root.removeHandler(collector)
        root.setLevel(level)


def render_error_chain(error: BaseException) -> str:
    """Return tracebacks and attributes of an error and its causes."""
    chain = [error, *filter(None, (error.__cause__, error.__context__))]
    return "".join([*traceback.format_exception(error), *(f"{each!r} {vars(each)}" for each in chain)])


def assert_no_secret(texts: Collection[str], secrets: Collection[str]) -> None:
    """Fail if a text contains a secret."""
    for text in texts:
        for secret in secrets:
            assert secret not in text, "a secret is shown"
