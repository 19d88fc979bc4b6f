"""What every file format does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Protocol, Self

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.data.streaming.codecs import RecordCodec


class Sink(Protocol):
    """What a text format needs of a file."""

    @property
    def name(self) -> str:
        """Where it lies."""
        ...

    def write(self, data: bytes, /) -> object:
        """Adds bytes."""
        ...


class Writer(ABC):
    """Writes records to a file in one format. As a context manager it lets go of what it holds beside the file."""

    codec: RecordCodec[Any]
    """The form in which it wants the records."""
    uses_metadata: bool = False
    """Whether units and labels of the fields go into the file."""

    def __init__(self, file: Sink) -> None:
        self._file = file

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:  # noqa: B027 - not all have columns
        """Set the columns that come first in any case, and those of a file without records."""

    def set_metadata(self, descriptions: FieldMetadataByName) -> None:  # noqa: B027 - most formats have no place for it
        """Takes in units and labels of the fields, before the file is finished."""

    @abstractmethod
    def write(self, batch: list[Any]) -> EffectGen[None] | None:
        """Adds records; comes back with steps to be done before the next ones, if there are any."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the file."""

    def close(self) -> None:  # noqa: B027 - most formats hold nothing else
        """Lets go of whatever the writer holds beside the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
