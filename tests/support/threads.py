"""Work in threads, of which a test waits for the end but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

from tests.support.fake_server import TIMEOUT_SECONDS

R = TypeVar("R")


def start_thread(work: Callable[[], R]) -> Future[R]:
    """Starts work in a thread of its own. Should it hang, the test fails and the thread ends with the program."""
    future = Future[R]()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the test asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="work of a test").start()
    return future


def run_in_threads(works: Iterable[Callable[[], R]], seconds: float = TIMEOUT_SECONDS) -> list[R]:
    """Does all the work at the same time, each in a thread of its own, and gives the results in order."""
    futures = [start_thread(work) for work in works]
    return [future.result(seconds) for future in futures]
