"""Batches that wait on disk until all columns are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from weakref import finalize

import pyarrow as pa

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
"""Costs less time than it saves: most columns of a batch are mostly empty."""


class Spool:
    """Batches on disk, each with columns of its own, so each is an Arrow stream of its own.

    The file has no name, where the system can do that, and goes when it is closed or forgotten.

    Args:
        folder: Where it lies. Default: where temporary files do.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        self._count = 0
        self.close = finalize(self, self._file.close)
        """Throws the batches away."""

    def append(self, batch: pa.RecordBatch) -> None:
        """Adds a batch."""
        with pa.ipc.new_stream(self._file, batch.schema, options=_OPTIONS) as stream:
            stream.write_batch(batch)
        self._count += 1

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches, in order."""
        self._file.seek(0)
        for _ in range(self._count):
            with pa.ipc.open_stream(self._file) as stream:
                yield from stream
