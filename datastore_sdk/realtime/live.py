"""Public classes for live data: iterate over it, or save it while it arrives."""

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


class _LiveBase(Generic[T]):
    """Part that both forms share."""

    def __init__(self, plan: StreamPlan) -> None:
        self._stream = LiveStream[T](plan)

    @property
    def statistics(self) -> LiveStatistics:
        """Counts of what has been received so far. Readable at any time, from any thread."""
        return self._stream.statistics()

    @property
    def gaps(self) -> list[Gap]:
        """Seconds that were lost and could not be fetched afterwards. At most the latest 1000 gaps."""
        return self._stream.gaps()

    def close(self) -> None:
        """Stop listening for good. Can be called from any thread, task or signal handler.

        Records that were already received are still delivered. Then iteration ends, and a save completes its file.
        """
        self._stream.close()

    async def aclose(self) -> None:
        """Stop listening for good. Can be called from any thread, task or signal handler.

        Records that were already received are still delivered. Then iteration ends, and a save completes its file.
        """
        self._stream.close()

    @staticmethod
    def recover(
        path: str | os.PathLike[str], unfinished: str | os.PathLike[str] | None = None, *, overwrite: bool = False
    ) -> int:
        """Write the file of a live save that was killed before it could complete the file.

        The records are read from `<name>.unfinished`, which is removed afterwards. If several killed saves left such
        files (`<name>.unfinished-2`, ...), their records are written one after the other, oldest file first. A record
        that was cut off by the kill is left out, with a warning in the log. No request is made; units and labels of
        the fields are therefore missing in Parquet and Arrow files. Files of saves that are running are left out.

        Args:
            path: Path that was passed to `save`, or any other if you pass `unfinished`. Its suffix is the format.
            unfinished: The file with the records. Default: all that belong to `path`.
            overwrite: Whether an existing file may be replaced.

        Returns:
            The number of records.

        Raises:
            FileNotFoundError: There is nothing to recover.
            FileExistsError: The file exists and `overwrite` is False.
            ResumeError: A running save writes to the only such file.
            ValueError: No format has this suffix.
            ImportError: The format needs an extra that is not installed.
        """
        from datastore_sdk.data.saving.recovery import recover  # rarely needed

        return recover(path, unfinished, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._stream.plan.description})"


class LiveData(_LiveBase[T]):
    """Records as they are measured, or objects whenever they change.

    Nothing is requested until you iterate or save. Then a thread listens, and reconnects whenever the connection ends.
    It stops when `close()` is called (a `with` block does so), when iteration stops, or when the service refuses the
    client. Only one reader at a time is allowed; a later reader continues with what has arrived since.
    """

    @property
    def data_fetcher(self) -> Generator[T, None, None]:
        """The items, one by one, as they arrive."""
        return self._items()

    def __iter__(self) -> Iterator[T]:
        return self._items()

    def batches(self, size: int = 10_000) -> Generator[list[T], None, None]:
        """Return the items in lists, as they arrive. An incomplete list is not held back.

        Args:
            size: Maximum number of items in a list.

        Raises:
            TypeError: The size is not an int.
            ValueError: The size is not positive.
        """
        return self._batches(validate_id(size, "size"))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Save what arrives to a file, in the format of its suffix (see `Data.save`), until `close()` is called.

        The file is completed however the stream ends: by `close()`, Ctrl-C or an error. Ctrl-C or the error is raised
        afterwards.

        SIGTERM and SIGHUP kill a program unless it handles them. Let the handler call `close()`, which completes the
        file: `signal.signal(signal.SIGTERM, lambda *_: live.close())`. With asyncio, use `loop.add_signal_handler`.

        Until the file is complete, every record is in `<name>.unfinished` beside it as soon as it arrives, one JSON
        object a line, in every format. A killed program (SIGKILL) or a full disk leaves that file.
        `LiveData.recover(path)` then writes the file that the save would have written.

        Args:
            path: Path of the file.
            overwrite: Whether an existing file may be replaced.

        Raises:
            FileExistsError: The file exists and `overwrite` is False.
            IsADirectoryError: The path is a directory.
            ValueError: No format has this suffix.
            ImportError: The format needs an extra that is not installed.
            RoomInUseError: This data is being read already.
            RestreamError: The stream ended with an error.
        """
        self._stream.wait_save(self._stream.start_save(path, overwrite=overwrite))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _items(self) -> Generator[T, None, None]:
        with self._stream.open_reader() as reader:
            while True:
                try:
                    items = reader.read()
                except PrefetchExhausted:
                    return
                yield from items

    def _batches(self, size: int) -> Generator[list[T], None, None]:
        with self._stream.open_reader() as reader:
            while True:
                try:
                    items = reader.read()
                except PrefetchExhausted:
                    return
                while batch := [*islice(items, size)]:
                    yield batch


class LiveDataAsync(_LiveBase[T]):
    """Async form of `LiveData`."""

    @property
    def data_fetcher(self) -> AsyncGenerator[T, None]:
        """The items, one by one, as they arrive."""
        return self._items()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    def batches(self, size: int = 10_000) -> AsyncGenerator[list[T], None]:
        """Return the items in lists, as they arrive. An incomplete list is not held back.

        Args:
            size: Maximum number of items in a list.

        Raises:
            TypeError: The size is not an int.
            ValueError: The size is not positive.
        """
        return self._batches(validate_id(size, "size"))

    async def asave(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Save what arrives to a file, in the format of its suffix (see `DataAsync.asave`), until `aclose()` is called.

        The file is completed however the stream ends: by `aclose()`, Ctrl-C or an error. Ctrl-C or the error is raised
        afterwards.

        SIGTERM and SIGHUP kill a program unless it handles them. Let the handler call `aclose()`, which completes the
        file: `signal.signal(signal.SIGTERM, lambda *_: live.close())`. With asyncio, use `loop.add_signal_handler`.

        Until the file is complete, every record is in `<name>.unfinished` beside it as soon as it arrives, one JSON
        object a line, in every format. A killed program (SIGKILL) or a full disk leaves that file.
        `LiveDataAsync.recover(path)` then writes the file that the save would have written.

        Args:
            path: Path of the file.
            overwrite: Whether an existing file may be replaced.

        Raises:
            FileExistsError: The file exists and `overwrite` is False.
            IsADirectoryError: The path is a directory.
            ValueError: No format has this suffix.
            ImportError: The format needs an extra that is not installed.
            RoomInUseError: This data is being read already.
            RestreamError: The stream ended with an error.
        """
        await self._stream.await_save(self._stream.start_save(path, overwrite=overwrite))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _items(self) -> AsyncGenerator[T, None]:
        with self._stream.open_reader() as reader:
            while True:
                try:
                    items = await reader.aread()
                except PrefetchExhausted:
                    return
                for item in items:
                    yield item

    async def _batches(self, size: int) -> AsyncGenerator[list[T], None]:
        with self._stream.open_reader() as reader:
            while True:
                try:
                    items = await reader.aread()
                except PrefetchExhausted:
                    return
                while batch := [*islice(items, size)]:
                    yield batch
