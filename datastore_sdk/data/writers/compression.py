"""Compression of files while they are written."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import IO, Any, Protocol

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.writers.base import Sink, Writer

_GZIP_LEVEL = 3
"""Twice as fast as the usual 6, for files a tenth larger. Level 6 is slower than records arrive."""


class Compressor(Protocol):
    """Compressor of a stream of bytes."""

    def compress(self, data: bytes, /) -> bytes:
        """Compress bytes; return the finished bytes."""
        ...

    def flush(self) -> bytes:
        """Return the rest, after the last bytes."""
        ...


def gzip() -> Compressor:
    """Return a compressor to gzip, without name and time: the same records give the same file."""
    return zlib.compressobj(_GZIP_LEVEL, wbits=zlib.MAX_WBITS | 16)


def zstd() -> Compressor:
    """Return a compressor to one frame of Zstandard, with a checksum."""
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compressobj()


class CompressedWriter(Writer):
    """Compresses the file of another writer."""

    def __init__(self, file: IO[bytes], kind: Callable[[Sink], Writer], compressor: Compressor) -> None:
        super().__init__(file)
        self._compressor = compressor
        self._writer = kind(_Compressing(file, compressor))
        self.codec = self._writer.codec

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:
        """Set the columns that come first in any case, and those of a file without records."""
        self._writer.set_columns(columns, fallback)

    def write(self, batch: list[Any]) -> EffectGen[None] | None:
        """Write records."""
        return self._writer.write(batch)

    def finish(self) -> None:
        """Complete the file."""
        self._writer.finish()
        self._file.write(self._compressor.flush())

    def close(self) -> None:
        """Release what the other writer holds."""
        self._writer.close()


class _Compressing:
    """Sink of the other writer."""

    def __init__(self, file: IO[bytes], compressor: Compressor) -> None:
        self.name: str = file.name
        self._file = file
        self._compressor = compressor

    def write(self, data: bytes, /) -> None:
        self._file.write(self._compressor.compress(data))
