"""Live data in both forms, read while a test goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from datastore_sdk.realtime import LiveData, LiveDataAsync
from datastore_sdk.realtime.stream import StreamPlan
from tests.support.fake_server import PATIENCE
from tests.support.threads import begin


def eventually(holds: Callable[[], bool]) -> None:
    """Waits until something holds; fails where it does not come to hold."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.002)


async def soon(holds: Callable[[], bool]) -> None:
    """Async form of `eventually`."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await asyncio.sleep(0.002)


begun: list[LiveData[Any] | LiveDataAsync[Any]] = []
"""What tests have begun to read, which is closed at their end."""


class Reading:
    """Reads live data in a thread, in one of the two forms.

    Args:
        plan: What to listen to.
        form: "sync" or "async".
        most: How many items to read; None: all.
        slowly: Waited for before each item.
    """

    def __init__(
        self, plan: StreamPlan, form: str, most: int | None = None, slowly: Callable[[], object] = lambda: None
    ) -> None:
        self.live: LiveData[Any] | LiveDataAsync[Any] = LiveData(plan) if form == "sync" else LiveDataAsync(plan)
        begun.append(self.live)
        self._slowly = slowly
        self.items: list[Any] = []
        self.done = self.read(most)

    def read(self, most: int | None = None) -> Future[None]:
        """Reads (on) in a thread."""
        live = self.live
        if isinstance(live, LiveData):
            return begin(lambda: self._read(live, most))
        return begin(lambda: asyncio.run(self._aread(live, most)))

    def _read(self, live: LiveData[Any], most: int | None) -> None:
        for item in live:
            self._slowly()
            self.items.append(item)
            if most is not None and len(self.items) >= most:
                break

    async def _aread(self, live: LiveDataAsync[Any], most: int | None) -> None:
        items = live.data_fetcher
        async for item in items:
            await asyncio.to_thread(self._slowly)
            self.items.append(item)
            if most is not None and len(self.items) >= most:
                break
        await items.aclose()

    def until(self, count: int) -> list[Any]:
        """The items, as soon as there are so many."""
        eventually(lambda: len(self.items) >= count or self.done.done())
        if self.done.done():
            self.done.result()
        return self.items

    def end(self) -> list[Any]:
        """All items, after the stream was closed."""
        self.live.close()
        self.done.result(PATIENCE)
        eventually(lambda: not self.live.statistics.connected)
        return self.items


def save(plan: StreamPlan, form: str, path: Path, overwrite: bool = False) -> tuple[Any, Future[None]]:
    """Begins to save, in a thread."""
    if form == "sync":
        live = LiveData[Any](plan)
        begun.append(live)
        return live, begin(lambda: live.save(path, overwrite=overwrite))
    alive = LiveDataAsync[Any](plan)
    begun.append(alive)
    return alive, begin(lambda: asyncio.run(alive.asave(path, overwrite=overwrite)))


def gate() -> tuple[threading.Event, Callable[[], object]]:
    """Lets a slow reader wait until the event is set."""
    event = threading.Event()
    return event, lambda: event.wait(PATIENCE)
