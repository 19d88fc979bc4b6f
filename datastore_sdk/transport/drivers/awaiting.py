"""Awaits something for a program that cannot await."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import TypeVar

from datastore_sdk.transport.http.worker_thread import Worker

R = TypeVar("R")


def awaited(function: Callable[[], Awaitable[R]]) -> R:
    """Awaits what a function gives, in an event loop of its own; in another thread where one runs in this already."""
    import asyncio  # here, for it takes long

    async def main() -> R:
        return await function()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(main())
    context = copy_context()
    worker = Worker()
    try:
        return worker.call(lambda: context.run(asyncio.run, main())).result()
    finally:
        worker.stop()
