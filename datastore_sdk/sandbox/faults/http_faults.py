"""Faults of HTTP calls."""

from __future__ import annotations

import re
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import UNSET, Struct


def _tag(name: str) -> str:
    """Return the name of a kind in JSON: `WrongJson` is `wrong_json`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Fault(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="fault", tag=_tag
):
    """A fault and the calls that it affects; by default, the next one.

    Raises:
        ValueError: An argument is out of range.
    """

    method: str | None = None
    """HTTP method of the affected calls; None: any."""
    path: str = ""
    """End of the path of the affected calls; `*` matches anything: `/pads/`, `/pads/*/data/`, `/o/token/`."""
    times: int | None = 1
    """Number of calls to affect; None: all."""
    skip: int = 0
    """Number of matching calls that pass first."""
    probability: float = 1.0
    """Probability that a matching call is affected."""
    seed: int = 0
    """Seed of that probability: the same seed affects the same calls."""

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be at least 1, not {self.times}")
        if self.skip < 0:
            raise ValueError(f"skip must not be negative: {self.skip}")
        if not 0 < self.probability <= 1:
            raise ValueError(f"probability must be more than 0 and at most 1, not {self.probability:g}")

    @property
    def name(self) -> str:
        """Its kind, as in JSON."""
        return _tag(type(self).__name__)

    def is_for(self, method: str, path: str) -> bool:
        """Return whether it can affect a call."""
        return self.method in {None, method} and fnmatchcase(path, f"*{self.path}")


class CallFault(Fault, frozen=True, kw_only=True):
    """A fault of HTTP calls."""

    compressed: bool = False
    """Whether the response may be compressed; byte positions then count compressed bytes. Faults that replace the body
    ignore it."""


class HandshakeFault(CallFault, frozen=True):
    """A fault that also affects WebSocket handshakes, selected by the path of their room."""


class Status(HandshakeFault, frozen=True):
    """A response with another status."""

    status: int
    """HTTP status, 200 to 599."""
    body: object = UNSET
    """Body of the response: text is sent as it is, everything else as JSON. Default: the name of the status."""
    headers: dict[str, str] = {}
    """Additional headers of the response."""
    retry_after: float | datetime | None = None
    """`Retry-After`: seconds, or a datetime with time zone."""
    processed: bool = False
    """Whether the call is carried out and only its response is lost, as when a gateway times out."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 200 <= self.status <= 599:  # noqa: PLR2004 - the statuses that end a call
            raise ValueError(f"status must be 200 to 599, not {self.status}")
        if isinstance(self.retry_after, datetime) and self.retry_after.tzinfo is None:
            raise ValueError("retry_after needs a time zone")


class ExpireToken(HandshakeFault, frozen=True):
    """The token of the call expires: this call and all later ones with it get a 401."""

    def is_for(self, method: str, path: str) -> bool:
        """Return whether it can affect a call: one with a token."""
        return super().is_for(method, path) and not path.startswith("/o/")


class Delay(HandshakeFault, frozen=True):
    """A delay before the call is carried out, if the client still waits."""

    seconds: float | None = None
    """Length in seconds; None: until the client closes the connection."""


class Stall(CallFault, frozen=True):
    """A body that pauses, then continues."""

    at: int = 0
    """Number of bytes before the pause, or the end of a shorter body; 0: after the headers."""
    seconds: float | None = None
    """Length in seconds; None: until the client closes the connection."""


class Drip(CallFault, frozen=True):
    """A body that is sent in small pieces."""

    size: int = 1
    """Bytes of a piece."""
    seconds: float = 0.0
    """Seconds between two pieces."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 1:
            raise ValueError(f"size must be at least 1, not {self.size}")


class Reset(HandshakeFault, frozen=True):
    """A connection reset (TCP RST)."""

    when: Literal["request", "processed", "body", "end"] = "body"
    """When: after reading the request, which is not carried out; before the response to a call that was carried out;
    within the body; or after the whole response, while the connection is idle."""
    at: int = 0
    """Number of body bytes before the reset, or the end of a shorter body."""


class Truncate(CallFault, frozen=True):
    """A body that ends too early."""

    at: int = 0
    """Number of bytes that are sent."""
    framing: Literal["chunked", "full_length", "short_length"] = "chunked"
    """How HTTP ends the body: `chunked` with a proper last chunk; `full_length`: `Content-Length` of the whole body,
    then the connection is closed; `short_length`: the length that is sent."""


class Corrupt(CallFault, frozen=True):
    """A body with one byte inverted."""

    at: int = 0
    """Position of the byte; a shorter body stays unchanged."""


class WrongJson(CallFault, frozen=True):
    """A body of JSON that does not fit the contract, with the original status and headers."""

    content: object = "no response of this call"
    """The content."""


class WrongContentType(CallFault, frozen=True):
    """A response that is not JSON, such as a proxy's login page, with the original status."""

    content_type: str = "text/html; charset=utf-8"
    """The content type."""
    body: str | None = "<!DOCTYPE html><title>Sign in</title><h1>Sign in to this network</h1>"
    """The body; None: the original JSON, with the wrong content type."""


class CutGzip(CallFault, frozen=True):
    """A gzip body without its end; HTTP ends properly."""

    missing: int = 8
    """Number of compressed bytes that are missing, at most all."""
