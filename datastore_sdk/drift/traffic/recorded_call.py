"""A request with its response, from a cassette or a live probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A request with its response."""

    method: str
    url: str
    """Path and query without the host."""
    status: int
    media_type: str
    """Media type of the response without parameters; empty if it has none."""
    content: bytes
    """The decompressed response body."""
    source: str
    """The cassette or the host."""
    host: str = ""
    """The host, if the source is a cassette."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    """Response headers of live calls, with names in lower case."""
    target_exists: bool = False
    """Whether the requested object is known to exist, so that a 404 means that the endpoint is gone."""

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.url.partition("?")[0]

    @property
    def is_success(self) -> bool:
        """Whether the status is a success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
