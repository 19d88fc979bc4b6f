"""Reader of live data in both forms, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from datastore_sdk.realtime import LiveData, LiveDataAsync
from datastore_sdk.realtime.stream import StreamPlan
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.threads import start_thread
from tests.support.waiting import wait_until

open_streams: list[LiveData[Any] | LiveDataAsync[Any]] = []
"""Streams that tests have opened, closed after each test."""


class LiveReader:
    """Reads live data in a thread, sync or async.

    Args:
        plan: Plan of the stream.
        form: "sync" or "async".
        max_items: Number of items to read. None: all.
        before_item: Called before each item.
    """

    def __init__(
        self,
        plan: StreamPlan,
        form: str,
        max_items: int | None = None,
        before_item: Callable[[], object] = lambda: None,
    ) -> None:
        self.live: LiveData[Any] | LiveDataAsync[Any] = LiveData(plan) if form == "sync" else LiveDataAsync(plan)
        open_streams.append(self.live)
        self._before_item = before_item
        self.items: list[Any] = []
        self.done = self.read(max_items)

    def read(self, max_items: int | None = None) -> Future[None]:
        """Read, or continue to read, in a thread."""
        live = self.live
        if isinstance(live, LiveData):
            return start_thread(lambda: self._read(live, max_items))
        return start_thread(lambda: asyncio.run(self._aread(live, max_items)))

    def _read(self, live: LiveData[Any], max_items: int | None) -> None:
        for item in live:
            self._before_item()
            self.items.append(item)
            if max_items is not None and len(self.items) >= max_items:
                break

    async def _aread(self, live: LiveDataAsync[Any], max_items: int | None) -> None:
        items = live.data_fetcher
        async for item in items:
            await asyncio.to_thread(self._before_item)
            self.items.append(item)
            if max_items is not None and len(self.items) >= max_items:
                break
        await items.aclose()

    def wait_for_items(self, count: int) -> list[Any]:
        """Return the items as soon as there are this many."""
        wait_until(lambda: len(self.items) >= count or self.done.done())
        if self.done.done():
            self.done.result()
        return self.items

    def close(self) -> list[Any]:
        """Close the stream, and return all items."""
        self.live.close()
        self.done.result(TIMEOUT_SECONDS)
        wait_until(lambda: not self.live.statistics.connected)
        return self.items


def save_in_background(plan: StreamPlan, form: str, path: Path, overwrite: bool = False) -> tuple[Any, Future[None]]:
    """Start to save in a thread."""
    if form == "sync":
        live = LiveData[Any](plan)
        open_streams.append(live)
        return live, start_thread(lambda: live.save(path, overwrite=overwrite))
    alive = LiveDataAsync[Any](plan)
    open_streams.append(alive)
    return alive, start_thread(lambda: asyncio.run(alive.asave(path, overwrite=overwrite)))


def make_gate() -> tuple[threading.Event, Callable[[], object]]:
    """Return an event, and a function that waits for it."""
    event = threading.Event()
    return event, lambda: event.wait(TIMEOUT_SECONDS)
