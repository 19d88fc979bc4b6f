"""How connections are made, and how long they are waited for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from datastore_sdk.exceptions import ConfigurationError

if TYPE_CHECKING:
    import ssl

    import httpx

MAX_SECONDS = 31 * 24 * 3600.0
"""The longest time that makes sense to anybody, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds."""

    connect: float = 10.0
    """For a connection."""
    read: float = 60.0
    """For the next bytes of an ordinary answer."""
    first_byte: float = 600.0
    """For time-series data to begin; the service may take minutes."""
    idle: float = 60.0
    """For the next bytes of time-series data. A stream that stalls longer is taken up again."""
    response: float = 600.0
    """For the rest of an ordinary answer once it has begun, however steadily its bytes drip."""
    total: float | None = None
    """For an ordinary call, with all its attempts and the waits between them. None: no limit."""

    def __post_init__(self) -> None:
        for field in fields(self):
            seconds = getattr(self, field.name)
            if seconds is not None or field.name != "total":
                validate_seconds(seconds, field.name)

    @classmethod
    def of(cls, seconds: float) -> Timeouts:
        """Each single wait takes so many seconds at most; a call as a whole may take longer."""
        seconds = validate_seconds(seconds, "timeout")
        return cls(connect=seconds, read=seconds, first_byte=seconds, idle=seconds)

    def limited_to(self, seconds: float) -> Timeouts:
        """Return the same timeouts, with those for ordinary responses no longer than `seconds`."""
        return replace(self, connect=min(self.connect, seconds), read=min(self.read, seconds))


class ConnectionSettings(Struct, frozen=True, kw_only=True):
    """TLS, proxy, and httpx clients of the user's to take instead. Whatever is equal can share its sockets."""

    verify: ssl.SSLContext | Path | bool
    proxy: str | None
    http: httpx.Client | None = None
    async_http: httpx.AsyncClient | None = None


def validate_seconds(value: object, what: str) -> float:
    """A length of time.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not positive, or has no end.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{what} must be a number of seconds, not {type(value).__name__}: {value!r}")
    if not 0 < value <= MAX_SECONDS:  # sockets and timers take no number that is much larger
        raise ValueError(
            f"{what} must be a positive number of seconds, {MAX_SECONDS:.0f} (31 days) at most, not {value}"
        )
    return value


def closed_client_error(name: str) -> ConfigurationError:
    """Return the error of an httpx client that was closed, by the name of the argument."""
    return ConfigurationError(
        f"the httpx client given as {name}= is closed; keep it open for as long as the SDK's client is used"
    )
