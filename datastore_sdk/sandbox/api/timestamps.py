"""How the service writes moments."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(moment: datetime | float) -> str:
    """A moment in ISO 8601, UTC: `2025-10-09T00:43:05Z`, with microseconds where it has them."""
    stamp = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return stamp.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_or_none(moment: float | None) -> str | None:
    """The same, of a moment that need not have come."""
    return None if moment is None else instant(moment)
