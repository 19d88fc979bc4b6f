"""What every file format does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import IO, Any, ClassVar, Self

from datastore_sdk.data.forms import Form


class Writer(ABC):
    """Writes records to a file in one format. As a context manager it lets go of what it holds beside the file."""

    form: ClassVar[Form[Any]]
    """The form in which it wants the records."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @abstractmethod
    def write(self, batch: list[Any]) -> None:
        """Adds records."""

    @abstractmethod
    def finish(self) -> None:
        """Completes the file."""

    def close(self) -> None:  # noqa: B027 - most formats hold nothing else
        """Lets go of whatever the writer holds beside the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
