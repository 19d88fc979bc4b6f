"""Timestamps as the service writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(timestamp: datetime | float) -> str:
    """Format a timestamp in ISO 8601, UTC: `2025-10-09T00:43:05Z`, with microseconds if it has them."""
    stamp = timestamp if isinstance(timestamp, datetime) else datetime.fromtimestamp(timestamp, UTC)
    return stamp.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_or_none(timestamp: float | None) -> str | None:
    """Format a timestamp that may be missing."""
    return None if timestamp is None else instant(timestamp)
