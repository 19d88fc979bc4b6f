"""Work in threads, of which a test waits for the end but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

from tests.support.fake_server import PATIENCE

R = TypeVar("R")


def begin(work: Callable[[], R]) -> Future[R]:
    """Starts work in a thread of its own. Should it hang, the test fails and the thread ends with the program."""
    future = Future[R]()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the test asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="work of a test").start()
    return future


def all_of(works: Iterable[Callable[[], R]], seconds: float = PATIENCE) -> list[R]:
    """Does all the work at the same time, each in a thread of its own, and gives the results in order."""
    futures = [begin(work) for work in works]
    return [future.result(seconds) for future in futures]
