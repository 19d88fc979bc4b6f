"""Runner of sync or async calls, all of a case with one client and in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datastore_sdk import Client, Data, DataAsync


class CallRunner:
    """Caller of methods by their sync names: `caller(pad, "get_sites")`.

    Args:
        client: Client of all calls.
        runner: Event loop of the async form; None: the sync form.
        folder: Folder for saved files.
        change_id: Id of a data change.
    """

    def __init__(self, client: Client, runner: asyncio.Runner | None, folder: Path, change_id: int) -> None:
        self.client = client
        self.folder = folder
        self.change_id = change_id
        self.received: list[Any] = []
        """The received records, including those before an error."""
        self._runner = runner

    def __call__(self, target: object, name: str, /, *args: Any, **kwargs: Any) -> Any:
        if self._runner is None:
            return getattr(target, name)(*args, **kwargs)
        method = getattr(target, f"a{name}", None) or getattr(target, name)
        return self._runner.run(method(*args, **kwargs))

    def update(self, entity: Any) -> Any:
        """Return an object after updating it."""
        self(entity, "update")
        return entity

    def collect(self, data: Data | DataAsync, iterate: Callable[[Any], Any] = lambda data: data) -> list[Any]:
        """Return all items of an iterator over data."""
        if self._runner is None:
            for item in iterate(data):
                self.received.append(item)
        else:
            self._runner.run(self._acollect(iterate(data)))
        return self.received

    async def _acollect(self, items: Any) -> None:
        async for item in items:
            self.received.append(item)

    def save(self, data: Data | DataAsync, name: str, **options: Any) -> bytes:
        """Save data and return the contents of the file."""
        self(data, "save", self.folder / name, **options)
        return (self.folder / name).read_bytes()
