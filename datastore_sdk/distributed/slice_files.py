"""Files of slices: a Parquet file for each, complete or absent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from datastore_sdk._io.effects import EffectGen, YieldItem, redirect_items
from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.saving.local_paths import validate_local_path
from datastore_sdk.data.saving.save import write_records
from datastore_sdk.data.schema import Schema
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.parallel import prefetch_in_order
from datastore_sdk.data.streaming.resume import stream_resumable
from datastore_sdk.distributed.reader import SliceRequests, name_in_errors
from datastore_sdk.distributed.slices import Slice
from datastore_sdk.transport.executor.executor import RequestExecutor

if TYPE_CHECKING:
    import pyarrow as pa

    from datastore_sdk.data.writers.base import Writer

_QUERY = b"restream.query"
"""Name of the metadata of a file with the query of its records, except for columns and range."""
_NAME = re.compile(r"site-(\d+)-(\w+)-(\w+)\.parquet")
"""Site, first and last second. Such times have their order as text."""


class SliceFiles:
    """The files of slices in a folder. Their names have the site and the range.

    Args:
        folder: The folder.
        base_url: Scheme and host of the service.
        requests: The common part of the requests.
        schema: The schema that the records are parsed with.
        columns: The columns of the files.

    Raises:
        ImportError: pyarrow is not installed.
        OSError, TypeError, ValueError: The folder is not the path of a local folder.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        base_url: str,
        requests: SliceRequests,
        schema: Schema,
        columns: pa.Schema,
    ) -> None:
        require_extra("pyarrow", extra="arrow")
        self._folder = Path(validate_local_path(folder)).expanduser()
        if self._folder.exists() and not self._folder.is_dir():
            raise NotADirectoryError(f"{folder} is a file; pass the path of a folder")
        self._requests = requests
        self._schema = schema
        query = {
            "base_url": base_url,
            "resolution": requests.resolution,
            "aggregation": requests.aggregation,
            "si_units": requests.si_units,
        }
        self._columns = columns.with_metadata({**(columns.metadata or {}), _QUERY: msgspec.json.encode(query)})

    def path_of(self, slice_: Slice) -> Path:
        """Return the path of the file of a slice."""
        first, last = (f"{datetime.fromtimestamp(each, UTC):%Y%m%dT%H%M%SZ}" for each in (slice_.start, slice_.end))
        return self._folder / f"site-{slice_.site_id}-{first}-{last}.parquet"

    def find_missing(self, slices: Sequence[Slice]) -> list[Slice]:
        """Return the slices without a file.

        Raises:
            FileExistsError: The file of a slice has other columns, records of the folder were requested otherwise, or a
                file of the folder has a part of the time of a slice.
        """
        paths = {self.path_of(each) for each in slices}
        present = {*self._folder.glob("site-*.parquet")}
        _validate_ranges(paths | present)
        for path in paths & present:
            if not self._read_schema(path).equals(self._columns):
                raise _build_error(path, "its columns differ")
        for path in sorted(present - paths)[:1]:  # the others were compared with it when they were saved
            self._read_schema(path)
        return [each for each in slices if self.path_of(each) not in present]

    def save(self, executor: RequestExecutor, slices: Sequence[Slice], *, parallel: int) -> EffectGen[None]:
        """Download slices and write their files; emit the path of each file, in order, when it is complete.

        Args:
            executor: Sends the requests.
            slices: The slices.
            parallel: Number of slices to download at a time.

        Raises:
            CallError: The download of a slice failed; the message names the slice.
            OSError: A file cannot be written.
        """
        parts = (self._save(executor, each) for each in slices)

        def unnumber(item: tuple[int, Path]) -> EffectGen[None]:
            yield from YieldItem(item[1])

        yield from redirect_items(unnumber, prefetch_in_order(parts, parallel, 1))

    def _save(self, executor: RequestExecutor, slice_: Slice) -> EffectGen[None]:
        path = self.path_of(slice_)

        def stream(codec: RecordCodec[Any]) -> EffectGen[None]:
            return stream_resumable(executor, self._requests.part(slice_), codec, DownloadState())

        with name_in_errors(slice_):
            yield from write_records(path, self._open, stream, _no_metadata, overwrite=True)
        yield from YieldItem(path)

    def _open(self, file: IO[bytes]) -> Writer:
        from datastore_sdk.data.arrow.writers import SchemaWriter

        return SchemaWriter(file, partial(_SliceFile, columns=self._columns), self._schema, "null")

    def _read_schema(self, path: Path) -> pa.Schema:
        """Return the columns of a file whose records were requested like these."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            found = pq.read_schema(path)
        except pa.ArrowInvalid as error:
            raise FileExistsError(f"{path} is not a Parquet file; delete it, or save into another folder") from error
        if (found.metadata or {}).get(_QUERY) != self._columns.metadata[_QUERY]:
            raise _build_error(path, "its units, resolution, aggregation or service differ")
        return found


class _SliceFile:
    """Parquet file with some columns of the batches."""

    def __init__(self, file: Any, _: pa.Schema, columns: pa.Schema) -> None:
        from datastore_sdk.data.arrow.writers import ParquetFile

        self._file = ParquetFile(file, columns)
        self._columns = columns

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch."""
        self._file.write(batch.select(self._columns.names))

    def close(self) -> None:
        """Complete the file."""
        self._file.close()


def _validate_ranges(paths: Iterable[Path]) -> None:
    """Refuse files whose ranges overlap: who reads the folder would get records twice."""
    ranges = sorted((found[1], found[2], found[3], path) for path in paths if (found := _NAME.fullmatch(path.name)))
    for (site, _, end, path), (other_site, start, _, other) in pairwise(ranges):
        if site == other_site and start <= end:
            raise _build_error(path if path.exists() else other, "its time overlaps that of another file")


def _build_error(path: Path, reason: str) -> FileExistsError:
    return FileExistsError(f"{path} is of another download: {reason}. Save into another folder, or delete it")


def _no_metadata() -> EffectGen[dict[str, Any]]:
    """Return no metadata of fields: the schema has units and labels."""
    yield from ()
    return {}
