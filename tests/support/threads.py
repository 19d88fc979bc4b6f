"""Threads that tests wait for, with a timeout."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

from tests.support.fake_server import TIMEOUT_SECONDS

R = TypeVar("R")


def start_thread(work: Callable[[], R]) -> Future[R]:
    """Start a daemon thread, so that a hanging one fails the test but does not block the exit."""
    future = Future[R]()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised when the test reads the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="work of a test").start()
    return future


def run_in_threads(works: Iterable[Callable[[], R]], seconds: float = TIMEOUT_SECONDS) -> list[R]:
    """Run functions concurrently, each in its thread, and return the results in order."""
    futures = [start_thread(work) for work in works]
    return [future.result(seconds) for future in futures]
