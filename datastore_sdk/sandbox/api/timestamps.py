"""Timestamps as the service writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(moment: datetime | float) -> str:
    """Format a timestamp in ISO 8601, UTC: `2025-10-09T00:43:05Z`, with microseconds if it has them."""
    stamp = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return stamp.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_or_none(moment: float | None) -> str | None:
    """Format a timestamp that may be missing."""
    return None if moment is None else instant(moment)
