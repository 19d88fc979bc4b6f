"""The kinds of faults, as values that say what happens to which calls."""

from __future__ import annotations

import re
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import UNSET, Struct


def _tag(name: str) -> str:
    """The name of a kind in JSON: `WrongJson` is `wrong_json`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Fault(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="fault", tag=_tag
):
    """A fault, and which calls it meets: by default, the next one.

    Raises:
        ValueError: An argument is out of range.
    """

    method: str | None = None
    """Of the calls that it meets: `GET`, ...; None: any."""
    path: str = ""
    """How the path of such calls ends; `*` stands for anything: `/pads/`, `/pads/*/data/`, `/o/token/`."""
    times: int | None = 1
    """How many calls it meets; None: as many as come."""
    skip: int = 0
    """How many such calls it lets pass first."""
    probability: float = 1.0
    """How probable it is that it meets such a call."""
    seed: int = 0
    """Of that chance: the same seed meets the same calls."""

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
        """Whether a call is one of those that it can meet."""
        return self.method in {None, method} and fnmatchcase(path, f"*{self.path}")


class CallFault(Fault, frozen=True, kw_only=True):
    """A fault of HTTP calls."""

    compressed: bool = False
    """Whether the answer may be compressed, and bytes are counted as they go over the wire; else it is not compressed.
    Faults that make the body anew disregard it."""


class HandshakeFault(CallFault, frozen=True):
    """A fault that handshakes of WebSockets can meet as well, under the path of their room."""


class Status(HandshakeFault, frozen=True):
    """An answer with another status."""

    status: int
    """200 to 599."""
    body: object = UNSET
    """Of the answer: text is sent as it is, everything else as JSON; left out, it names the status."""
    headers: dict[str, str] = {}
    """Further headers of the answer."""
    retry_after: float | datetime | None = None
    """`Retry-After`: seconds, or a date with time zone."""
    processed: bool = False
    """Whether the call is carried out and only its answer lost, as when a gateway gives up."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 200 <= self.status <= 599:  # noqa: PLR2004 - the statuses that end a call
            raise ValueError(f"status must be 200 to 599, not {self.status}")
        if isinstance(self.retry_after, datetime) and self.retry_after.tzinfo is None:
            raise ValueError("retry_after needs a time zone")


class ExpireToken(HandshakeFault, frozen=True):
    """The token of the call expires: this and all further calls with it are answered with 401."""

    def is_for(self, method: str, path: str) -> bool:
        """Whether a call is one of those that it can meet: it has a token."""
        return super().is_for(method, path) and not path.startswith("/o/")


class Delay(HandshakeFault, frozen=True):
    """Nothing is heard for a while; then the call is carried out and answered, if the client has not hung up."""

    seconds: float | None = None
    """For how long; None: until the client hangs up."""


class Stall(CallFault, frozen=True):
    """The body stops for a while, then goes on."""

    at: int = 0
    """After how many bytes, or at the end of a shorter body; 0: the headers come, and nothing else."""
    seconds: float | None = None
    """For how long; None: until the client hangs up."""


class Drip(CallFault, frozen=True):
    """The body comes in drops."""

    size: int = 1
    """Bytes in a drop."""
    seconds: float = 0.0
    """Between two drops."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 1:
            raise ValueError(f"size must be at least 1, not {self.size}")


class Reset(HandshakeFault, frozen=True):
    """The connection is reset (TCP RST)."""

    moment: Literal["request", "processed", "body", "end"] = "body"
    """When: as soon as the request was read, and nothing is done; when it was carried out, before the answer; within
    the body; or after the whole answer, when the connection waits for the next call."""
    at: int = 0
    """Within the body: after how many bytes, or at the end of a shorter body."""


class Truncate(CallFault, frozen=True):
    """The body ends too early."""

    at: int = 0
    """After how many bytes."""
    framing: Literal["chunked", "full_length", "short_length"] = "chunked"
    """How HTTP tells the end: `chunked`, with a proper last chunk; `full_length`: `Content-Length` tells of the whole
    body, and the connection is closed; `short_length`: it tells of what comes."""


class Corrupt(CallFault, frozen=True):
    """One byte of the body is another one: all of its bits are turned."""

    at: int = 0
    """Which byte; a shorter body stays whole."""


class WrongJson(CallFault, frozen=True):
    """The body is JSON of another shape than the contract says; status and headers are those of the true answer."""

    content: object = "no answer of this call"
    """What it is."""


class WrongContentType(CallFault, frozen=True):
    """The answer is something else than JSON, such as a proxy's login page, with the status of the true answer."""

    content_type: str = "text/html; charset=utf-8"
    """What it says it is."""
    body: str | None = "<!DOCTYPE html><title>Sign in</title><h1>Sign in to this network</h1>"
    """What comes; None: the JSON of the true answer, under the wrong name."""


class CutGzip(CallFault, frozen=True):
    """The body is compressed with gzip and its end is missing; HTTP tells a proper end."""

    missing: int = 8
    """How many of the compressed bytes do not come, at most all."""
