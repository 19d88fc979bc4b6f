"""Prefetch of the async driver: runs a generator ahead of its consumer, in a task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from datastore_sdk._io.effects import PrefetchExhausted


class TaskPrefetcher:
    """Async form of `ThreadPrefetcher`."""

    def __init__(self, items: AsyncGenerator[Any, None], max_items: int) -> None:
        self._items = items
        self._queue: asyncio.Queue[tuple[Any, BaseException | None]] = asyncio.Queue(max_items)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def next_item(self) -> Any:
        """Async form of `ThreadPrefetcher.next_item`."""
        item, error = await self._queue.get()
        if error is not None:
            raise error
        return item

    async def cancel(self) -> None:
        """Cancel the task, which closes its generator."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        try:
            async for item in self._items:
                await self._queue.put((item, None))
        except Exception as error:  # noqa: BLE001 - raised by `next_item`
            await self._queue.put((None, error))
        else:
            await self._queue.put((None, PrefetchExhausted()))
        finally:
            await self._items.aclose()
