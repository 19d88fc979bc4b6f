"""One call with its answer, wherever it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call with its answer."""

    method: str
    url: str
    """Path and query, without the host."""
    status: int
    media_type: str
    """Of the answer, without parameters; empty where none was told."""
    content: bytes
    """The body of the answer, decompressed."""
    source: str
    """The cassette that it stands in, or the host that it was made to."""
    host: str = ""
    """The host that it was made to, where that is not the source."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    """Of the answer, names in lower case; of recorded answers none."""
    is_there: bool = False
    """Whether what it asks for is known to be there, so that 404 can only mean that the call is not."""

    @property
    def path(self) -> str:
        """The path alone."""
        return self.url.partition("?")[0]

    @property
    def succeeded(self) -> bool:
        """Whether the answer is a success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
