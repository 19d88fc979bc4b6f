"""Time-series data, lazy: nothing is asked for until it is iterated over or saved."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any

from datastore_sdk.data.forms import DICTS
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.saving import saving
from datastore_sdk.data.stream import batches
from datastore_sdk.transport import Client


class _Base:
    """What both forms know: whom to ask what."""

    def __init__(self, client: Client, queries: Sequence[DataQuery]) -> None:
        self._client = client
        self._queries = tuple(queries)

    @property
    def queries(self) -> tuple[DataQuery, ...]:
        """What is asked for; for data changes, one question for each corrected interval of a site."""
        return self._queries

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self._queries))})"


class Data(_Base):
    """Records of a pad or site, or of corrected intervals, in order of time.

    A record is a dict: `timestamp` (unix seconds, UTC), `site_id`, and one number, string (valves: "O" open, "C"
    closed), boolean or None (missing) for each measured field. Records differ in their fields. Units and labels of the
    fields are told by `get_fields_metadata()`.

    Nothing is downloaded until `data_fetcher` is iterated over, the object itself is, or `save` is called; each of them
    starts afresh. Memory stays small however many records there are. A connection that breaks half way is taken up
    again, and each record comes once.

    Errors while downloading are `datastore_sdk.exceptions.RestreamError`s; a body that ends too early is one of them.
    """

    @property
    def data_fetcher(self) -> Generator[dict[str, Any], None, None]:
        """The records, one by one, as they arrive; a new download at every access."""
        return self._records()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._records()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Saves the records to a file, in the format of its suffix: `.json` or `.csv`.

        Values stand in the file as the service sent them. JSON: one array, one record per line. CSV: one row per
        record; the columns are those of all records, in order of first appearance; what a record does not have is an
        empty cell.

        The file appears when it is whole; until then, and after any failure, whatever was there before is untouched.
        Missing folders are made.

        Args:
            path: Where to save.
            overwrite: Whether a file that exists may be replaced.

        Raises:
            FileExistsError: The file exists and `overwrite` is False.
            IsADirectoryError: The path is a directory.
            ValueError: The suffix is none of those above.
            RestreamError: The records could not be had.
        """
        self._client.drive(saving(self._client.exchange, self._queries, path, overwrite=overwrite))

    def _records(self) -> Generator[dict[str, Any], None, None]:
        with closing(self._client.iterate(batches(self._client.exchange, self._queries, DICTS))) as lists:
            for records in lists:
                yield from records


class DataAsync(_Base):
    """Async form of `Data`."""

    @property
    def data_fetcher(self) -> AsyncGenerator[dict[str, Any], None]:
        """Async form of `Data.data_fetcher`."""
        return self._records()

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self._records()

    async def asave(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Async form of `Data.save`."""
        await self._client.adrive(saving(self._client.exchange, self._queries, path, overwrite=overwrite))

    async def _records(self) -> AsyncGenerator[dict[str, Any], None]:
        async with aclosing(self._client.aiterate(batches(self._client.exchange, self._queries, DICTS))) as lists:
            async for records in lists:
                for record in records:
                    yield record
