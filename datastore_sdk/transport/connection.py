"""How connections are made."""

from __future__ import annotations

import ssl
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Timeouts, TLS and proxy."""

    timeouts: Timeouts
    verify: ssl.SSLContext | bool
    proxy: str | None
