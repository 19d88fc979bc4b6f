"""Makes calls in one of the two forms, all of one case through one client and in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datastore_sdk import Client, Data, DataAsync


class CallRunner:
    """Makes calls by their sync names: `caller(pad, "get_sites")`.

    Args:
        client: What all of them go through.
        runner: The event loop of the async form; None: the sync form.
        folder: Where files may be saved.
        change_id: The id of a data change.
    """

    def __init__(self, client: Client, runner: asyncio.Runner | None, folder: Path, change_id: int) -> None:
        self.client = client
        self.folder = folder
        self.change_id = change_id
        self.received: list[Any] = []
        """The records that came, those before an error too."""
        self._runner = runner

    def __call__(self, target: object, name: str, /, *args: Any, **kwargs: Any) -> Any:
        if self._runner is None:
            return getattr(target, name)(*args, **kwargs)
        return self._runner.run(getattr(target, f"a{name}")(*args, **kwargs))

    def update(self, entity: Any) -> Any:
        """An object after it was read again."""
        self(entity, "update")
        return entity

    def collect(self, data: Data | DataAsync, iterate: Callable[[Any], Any] = lambda data: data) -> list[Any]:
        """All items of whatever iterates over data."""
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
        """The file to which data was saved."""
        self(data, "save", self.folder / name, **options)
        return (self.folder / name).read_bytes()
