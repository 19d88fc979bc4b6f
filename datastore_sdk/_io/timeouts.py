"""Timeouts of requests."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

MAX_SECONDS = 31 * 24 * 3600.0
"""Maximum timeout in seconds: sockets and timers do not accept much more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Timeouts in seconds."""

    connect: float = 10.0
    """Timeout for connecting."""
    read: float = 60.0
    """Timeout for the next bytes of an ordinary response."""
    first_byte: float = 600.0
    """Timeout for the first byte of time-series data; the service may take minutes."""
    idle: float = 60.0
    """Timeout for the next bytes of time-series data. A stream that stalls longer is resumed with a new request."""
    response: float = 600.0
    """Timeout for a whole ordinary response, from its first byte on."""
    total: float | None = None
    """Timeout for a whole ordinary call, including retries and the waits between them. None: no limit."""

    def __post_init__(self) -> None:
        for field in fields(self):
            seconds = getattr(self, field.name)
            if seconds is not None or field.name != "total":
                validate_seconds(seconds, field.name)

    @classmethod
    def of(cls, seconds: float) -> Timeouts:
        """Return timeouts that limit each single wait to `seconds`. A whole call may take longer."""
        seconds = validate_seconds(seconds, "timeout")
        return cls(connect=seconds, read=seconds, first_byte=seconds, idle=seconds)

    def limit_to(self, seconds: float) -> Timeouts:
        """Return the same timeouts, with those for ordinary responses no longer than `seconds`."""
        return replace(self, connect=min(self.connect, seconds), read=min(self.read, seconds))


def validate_seconds(value: object, what: str) -> float:
    """Return a timeout.

    Args:
        value: The timeout in seconds.
        what: Its name, for messages.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not positive, or longer than `MAX_SECONDS`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{what} must be a number of seconds, not {type(value).__name__}: {value!r}")
    if not 0 < value <= MAX_SECONDS:
        raise ValueError(
            f"{what} must be a positive number of seconds, {MAX_SECONDS:.0f} (31 days) at most, not {value}"
        )
    return value
