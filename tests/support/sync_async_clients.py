"""Sync and async calls of a client behind one interface, so that one test covers both."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from datastore_sdk.client import Client
from datastore_sdk.data import CoverageReport, Data, DataAsync, DataQuery
from datastore_sdk.transport.executor.executor import OperationRunner

T = TypeVar("T")


class Form(ABC):
    """Caller in the sync or async form. It closes the client's connections after each call."""

    @abstractmethod
    def run(self, client: Client, calls: OperationRunner[T]) -> T: ...

    @abstractmethod
    def records(self, client: Client, queries: Sequence[DataQuery], into: list[dict[str, Any]]) -> None:
        """Append records to the list one by one, so that a test sees those before an error."""

    @abstractmethod
    def save(
        self, client: Client, queries: Sequence[DataQuery], path: Path | str, **options: Any
    ) -> CoverageReport | None: ...

    @abstractmethod
    def coverage(self, client: Client, queries: Sequence[DataQuery], **options: Any) -> CoverageReport: ...


class SyncForm(Form):
    def run(self, client: Client, calls: OperationRunner[T]) -> T:
        with client:
            return client._run(calls)

    def records(self, client: Client, queries: Sequence[DataQuery], into: list[dict[str, Any]]) -> None:
        with client:
            for record in Data(client, queries):
                into.append(record)  # noqa: PERF402 - one by one, see above

    def save(
        self, client: Client, queries: Sequence[DataQuery], path: Path | str, **options: Any
    ) -> CoverageReport | None:
        with client:
            return Data(client, queries).save(path, **options)

    def coverage(self, client: Client, queries: Sequence[DataQuery], **options: Any) -> CoverageReport:
        with client:
            return Data(client, queries).coverage(**options)


class AsyncForm(Form):
    def run(self, client: Client, calls: OperationRunner[T]) -> T:
        async def main() -> T:
            async with client:
                return await client._arun(calls)

        return asyncio.run(main())

    def records(self, client: Client, queries: Sequence[DataQuery], into: list[dict[str, Any]]) -> None:
        async def main() -> None:
            async with client:
                async for record in DataAsync(client, queries):
                    into.append(record)  # noqa: PERF401 - one by one, see above

        asyncio.run(main())

    def save(
        self, client: Client, queries: Sequence[DataQuery], path: Path | str, **options: Any
    ) -> CoverageReport | None:
        async def main() -> CoverageReport | None:
            async with client:
                return await DataAsync(client, queries).asave(path, **options)

        return asyncio.run(main())

    def coverage(self, client: Client, queries: Sequence[DataQuery], **options: Any) -> CoverageReport:
        async def main() -> CoverageReport:
            async with client:
                return await DataAsync(client, queries).acoverage(**options)

        return asyncio.run(main())


FORMS: dict[str, Form] = {"sync": SyncForm(), "async": AsyncForm()}
