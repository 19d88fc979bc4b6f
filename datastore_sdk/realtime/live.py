"""Live data, as users have it: iterated over or saved while it comes."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from itertools import islice
from types import TracebackType
from typing import Generic, Self, TypeVar

from datastore_sdk._io.effects import PrefetchExhausted
from datastore_sdk._utils.validation import validate_id
from datastore_sdk.realtime.gaps import Gap
from datastore_sdk.realtime.statistics import LiveStatistics
from datastore_sdk.realtime.stream import LiveStream, StreamPlan

T = TypeVar("T")


class _Live(Generic[T]):
    """What both forms have."""

    def __init__(self, plan: StreamPlan) -> None:
        self._stream = LiveStream[T](plan)

    @property
    def statistics(self) -> LiveStatistics:
        """The numbers of what has come so far; at any time, from any thread."""
        return self._stream.statistics()

    @property
    def gaps(self) -> list[Gap]:
        """What is known to be missing: seconds that were lost and could not be had afterwards; the latest thousand."""
        return self._stream.gaps()

    def close(self) -> None:
        """Stops listening, for ever; from any thread or task. What was received is still handed over.

        Then iterating over it ends, and saving it completes the file.
        """
        self._stream.close()

    async def aclose(self) -> None:
        """Async form of `close`, which tasks can call too: it does not wait."""
        self._stream.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._stream.plan.what})"


class LiveData(_Live[T]):
    """What a pad or site tells as it happens: records, or objects whenever they change.

    Nothing happens until it is iterated over or saved. Then a thread listens, and comes back whenever the connection
    ends, until `close()` is called (a `with` block does so at its end), nobody iterates any more, or the service
    refuses. One reading at a time; another one afterwards goes on with what has come since.
    """

    @property
    def data_fetcher(self) -> Generator[T, None, None]:
        """The items, one by one, as they come."""
        return self._items()

    def __iter__(self) -> Iterator[T]:
        return self._items()

    def batches(self, size: int = 10_000) -> Generator[list[T], None, None]:
        """The items in lists, as they come: those that wait, none of which waits for others.

        Args:
            size: How many are in a list at most.

        Raises:
            TypeError: The size is not an int.
            ValueError: The size is not positive.
        """
        return self._batches(validate_id(size, "size"))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Saves what comes to a file, in the format of its suffix (see `Data.save`), until `close()` is called.

        However the stream ends, by `close()`, by Ctrl-C or by an error, the file is completed and put in its place
        first, since what was heard cannot be asked for again in the same way; then Ctrl-C or the error is raised.
        Until then records are on disk in `<name>.unfinished` beside it, as they come. That is what a program leaves
        that is killed, or interrupted once more meanwhile, and what a full disk leaves. For NDJSON and JSON it is the
        beginning of the file; for CSV, Parquet, Arrow and compressed files it holds the records as NDJSON, one a line,
        which takes room beside the file.

        SIGTERM and SIGHUP kill a program like SIGKILL, unless it handles them. Have the handler call `close()`:
        `signal.signal(signal.SIGTERM, lambda *_: live.close())`. With asyncio, use `loop.add_signal_handler`.

        Args:
            path: Where to save.
            overwrite: Whether a file that exists may be replaced.

        Raises:
            FileExistsError: The file exists and `overwrite` is False.
            IsADirectoryError: The path is a directory.
            ValueError: No format has this suffix.
            ImportError: The format takes an extra that is not installed.
            RoomInUseError: It is being read already.
            RestreamError: The stream ended with an error.
        """
        self._stream.complete(self._stream.begin_to_save(path, overwrite=overwrite))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _items(self) -> Generator[T, None, None]:
        with self._stream.reading() as reading:
            while True:
                try:
                    items = reading.take()
                except PrefetchExhausted:
                    return
                yield from items

    def _batches(self, size: int) -> Generator[list[T], None, None]:
        with self._stream.reading() as reading:
            while True:
                try:
                    items = reading.take()
                except PrefetchExhausted:
                    return
                while batch := [*islice(items, size)]:
                    yield batch


class LiveDataAsync(_Live[T]):
    """Async form of `LiveData`."""

    @property
    def data_fetcher(self) -> AsyncGenerator[T, None]:
        """Async form of `LiveData.data_fetcher`."""
        return self._items()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    def batches(self, size: int = 10_000) -> AsyncGenerator[list[T], None]:
        """Async form of `LiveData.batches`."""
        return self._batches(validate_id(size, "size"))

    async def asave(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Async form of `LiveData.save`. A task that is cancelled completes the file too."""
        await self._stream.acomplete(self._stream.begin_to_save(path, overwrite=overwrite))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _items(self) -> AsyncGenerator[T, None]:
        with self._stream.reading() as reading:
            while True:
                try:
                    items = await reading.atake()
                except PrefetchExhausted:
                    return
                for item in items:
                    yield item

    async def _batches(self, size: int) -> AsyncGenerator[list[T], None]:
        with self._stream.reading() as reading:
            while True:
                try:
                    items = await reading.atake()
                except PrefetchExhausted:
                    return
                while batch := [*islice(items, size)]:
                    yield batch
