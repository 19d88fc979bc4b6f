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
    stream: float = 600.0
    """For the first and for the next bytes of time-series data; the service may take minutes to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Timeouts, TLS and proxy."""

    timeouts: Timeouts
    verify: ssl.SSLContext | bool
    proxy: str | None
