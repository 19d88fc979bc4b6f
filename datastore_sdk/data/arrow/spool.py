"""Temporary file of batches, until all columns are known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any
from weakref import finalize

import pyarrow as pa

from datastore_sdk.data.saving.files import add_path_to_errors
from datastore_sdk.data.saving.synced_file import open_scratch_file

_WRITE_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
"""Compression saves more time than it costs: most columns of a batch are mostly empty. Threads cost more than they
save: the columns of a batch are small."""
_READ_OPTIONS = pa.ipc.IpcReadOptions(use_threads=False)


class Spool:
    """Batches in a temporary file. Each has its own columns, so each is an Arrow stream of its own.

    The file has no name if the system allows that. It is deleted when it is closed or garbage-collected.

    Args:
        target: The file that the batches are for. The spool is in its folder, and errors name it. Default: the folder
            for temporary files.
    """

    def __init__(self, target: Path | None = None) -> None:
        self._about = target or Path(gettempdir())
        self._file: Any = open_scratch_file(target and target.parent, buffer=-1)  # Arrow writes whole batches
        self._count = 0
        self.close = finalize(self, _close, self._file)
        """Delete the batches."""

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        with (
            add_path_to_errors(self._about),
            pa.ipc.new_stream(self._file, batch.schema, options=_WRITE_OPTIONS) as stream,
        ):
            stream.write_batch(batch)
        self._count += 1

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches in order."""
        self._file.seek(0)
        for _ in range(self._count):
            with pa.ipc.open_stream(self._file, options=_READ_OPTIONS) as stream:
                yield from stream


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # the disk may be full
        file.close()
