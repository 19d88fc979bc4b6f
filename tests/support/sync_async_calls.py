"""Sync and async calls of objects behind one interface, and the requests that a sandbox received."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from typing import Any

from datastore_sdk import Data, DataAsync
from datastore_sdk.sandbox import Sandbox

PREFIX = "/external/thirdparty/v1"

Record = dict[str, Any]


class Form:
    """Caller of methods by their sync names, in the sync or async form: `form(pad, "get_sites")`.

    Args:
        runner: The event loop of the async form; None: the sync form.
    """

    def __init__(self, runner: asyncio.Runner | None) -> None:
        self._runner = runner

    def __call__(self, target: object, name: str, /, *args: Any, **kwargs: Any) -> Any:
        if self._runner is None:
            return getattr(target, name)(*args, **kwargs)
        return self._runner.run(getattr(target, f"a{name}")(*args, **kwargs))

    def records(self, data: Data | DataAsync) -> list[Record]:
        """Return all records of `data_fetcher`."""
        return self._all(data.data_fetcher)

    def iterate(self, data: Data | DataAsync) -> list[Record]:
        """Return all records by iterating over the object itself."""
        return self._all(data)

    def items(self, iterator: Any) -> list[Any]:
        """Return all items of a sync or async iterator."""
        return self._all(iterator)

    def first(self, data: Data | DataAsync) -> Record:
        """Return the first record, then stop the download."""
        if isinstance(data, Data):
            with closing(data.data_fetcher) as records:
                return next(records)
        assert self._runner is not None
        return self._runner.run(_first(data))

    def _all(self, records: Any) -> list[Any]:
        if self._runner is None:
            return list(records)
        return self._runner.run(_collect(records))


async def _collect(records: Any) -> list[Record]:
    return [record async for record in records]


async def _first(data: DataAsync) -> Record:
    async with aclosing(data.data_fetcher) as records:
        return await anext(records)


def list_requests(sandbox: Sandbox) -> list[str]:
    """Return the requests that a sandbox received, such as `GET /pads/?complete=true`."""
    return [_line(request.method, request.path, request.query) for request in sandbox.requests]


def _line(method: str, path: str, query: tuple[tuple[str, str], ...]) -> str:
    pairs = "&".join(f"{name}={value}" for name, value in query)
    return f"{method} {path.removeprefix(PREFIX)}" + (f"?{pairs}" if pairs else "")
