"""Interface of the writers of all file formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Protocol, Self

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.data.streaming.codecs import RecordCodec


class Sink(Protocol):
    """File that a text format is written to."""

    @property
    def name(self) -> str:
        """Path of the file."""
        ...

    def write(self, data: bytes, /) -> object:
        """Write bytes."""
        ...


class Writer(ABC):
    """Writer of records in one format. A context manager, which releases everything but the file itself."""

    codec: RecordCodec[Any]
    """Codec of the records that it writes."""
    uses_metadata: bool = False
    """Whether the file holds units and labels of the fields."""

    def __init__(self, file: Sink) -> None:
        self._file = file

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:  # noqa: B027 - not all have columns
        """Set the columns that come first in any case, and those of a file without records."""

    def set_metadata(self, metadata: FieldMetadataByName) -> None:  # noqa: B027 - most formats have no place for it
        """Set units and labels of the fields, before `finish`."""

    @abstractmethod
    def write(self, batch: list[Any]) -> EffectGen[None] | None:
        """Write records. Return effects to carry out before the next call, if there are any."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the file."""

    def close(self) -> None:  # noqa: B027 - most formats hold nothing else
        """Release everything that the writer holds besides the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
