"""Reports of a mirror: a cycle, its status, a verification. All print as text and convert to JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

_MAX_SHOWN_COLUMNS = 10
"""Maximum number of new columns that a report names as text."""


class SiteReport(Struct, kw_only=True):
    """Work of a cycle for one site."""

    site_id: int
    """The site."""
    read: int = 0
    """Number of records read."""
    stored: int = 0
    """Number of records that were written to the store, in the place of all that it had of their time."""
    changes: int = 0
    """Number of data changes that were applied."""
    left_out: int = 0
    """Number of records of another site or time, or without a timestamp: the service sent more than was requested."""
    first: datetime | None = None
    """Start of the time span that was read again or for the first time, apart from data changes."""
    last: datetime | None = None
    """Timestamp of the last record."""


class MirrorReport(Struct, kw_only=True):
    """Report of a cycle of a mirror."""

    sites: list[SiteReport] = []
    """Work for each site."""
    acknowledged: int = 0
    """Number of data changes that were acknowledged."""
    new_columns: list[str] = []
    """Columns that were added to `records`."""
    problems: list[str] = []
    """Failures, in one line each. The next cycle retries them; nothing is lost meanwhile."""
    seconds: float = 0.0
    """Duration of the cycle."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing failed."""
        return not self.problems

    @property
    def read(self) -> int:
        """Number of records read."""
        return sum(site.read for site in self.sites)

    @property
    def changes(self) -> int:
        """Number of data changes that were applied."""
        return sum(site.changes for site in self.sites)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        content = msgspec.to_builtins(self)
        return {"read": self.read, "changes": self.changes, "complete": self.is_complete, **content}

    def __str__(self) -> str:
        lines = [
            f"site {site.site_id}: {_count(site.read, 'record')}, {_count(site.changes, 'data change')} applied"
            f"{f', {site.left_out} left out' if site.left_out else ''}"
            f"{f', up to {site.last:%Y-%m-%d %H:%M:%S}' if site.last else ''}"
            for site in self.sites
        ]
        if self.new_columns:
            shown, others = self.new_columns[:_MAX_SHOWN_COLUMNS], self.new_columns[_MAX_SHOWN_COLUMNS:]
            lines.append(f"new columns: {', '.join(shown)}{f' and {len(others)} more' if others else ''}")

        lines += [f"problem: {problem}" for problem in self.problems]
        lines.append(
            f"{_count(self.read, 'record')}, {_count(self.changes, 'data change')} applied, "
            f"{self.acknowledged} acknowledged, in {self.seconds:.1f} s"
        )
        return "\n".join(lines)


class SiteStatus(Struct, kw_only=True):
    """Progress of one site of a mirror."""

    site_id: int
    """The site."""
    records: int
    """Number of records."""
    since: datetime
    """First second that is kept."""
    cursor: datetime
    """Records before this time were read."""
    lag: timedelta
    """Time from the cursor to now. It also grows while the site sends no records."""
    read_at: datetime | None
    """When the site was last read completely."""
    error: str | None
    """Why the last attempt failed."""
    pending_changes: int
    """Number of data changes that could not be applied yet."""
    unacknowledged_changes: int
    """Number of data changes that were applied, but not acknowledged yet."""


class MirrorStatus(Struct, kw_only=True):
    """Status of a mirror."""

    store: str
    """Name of the store."""
    service: str | None
    """Base URL of the service."""
    sites: list[SiteStatus] = []
    """Progress of each site."""
    now: datetime
    """Time of the status."""

    @property
    def age(self) -> timedelta | None:
        """Time since every site was last read completely; None if one never was."""
        times = [site.read_at for site in self.sites]
        known = [time for time in times if time is not None]
        return self.now - min(known) if known and len(known) == len(times) else None

    @property
    def errors(self) -> list[str]:
        """Sites whose last attempt failed, and why."""
        return [f"site {site.site_id}: {site.error}" for site in self.sites if site.error]

    def to_dict(self) -> dict[str, Any]:
        """Return the status as JSON values; durations are in seconds."""
        content: dict[str, Any] = msgspec.to_builtins(self)
        for shown, site in zip(content["sites"], self.sites, strict=True):
            shown["lag"] = site.lag.total_seconds()
        return {**content, "age": None if self.age is None else self.age.total_seconds()}

    def __str__(self) -> str:
        lines = [f"{self.store}, of {self.service or 'no service yet'}"]
        for site in self.sites:
            lines.append(
                f"site {site.site_id}: {_count(site.records, 'record')} since {site.since:%Y-%m-%d %H:%M}, read up to "
                f"{site.cursor:%Y-%m-%d %H:%M:%S} ({_duration(site.lag)} ago)"
            )
            if site.pending_changes:
                lines.append(f"    {_count(site.pending_changes, 'data change')} not applied yet")
            if site.unacknowledged_changes:
                lines.append(f"    {_count(site.unacknowledged_changes, 'data change')} not acknowledged yet")
            if site.error:
                lines.append(f"    last attempt failed: {site.error}")
        lines.append("never read completely" if self.age is None else f"last read completely {_duration(self.age)} ago")
        return "\n".join(lines)


class MirrorDifference(Struct, kw_only=True):
    """An interval of a site in which store and service differ."""

    site_id: int
    """The site."""
    start: datetime
    """The start."""
    end: datetime
    """The end is not included."""
    missing: int
    """Number of records of the service that the store lacks."""
    surplus: int
    """Number of records of the store that the service does not have, or has with other values."""
    examples: list[str] = []
    """Some of them."""
    has_pending_change: bool = False
    """Whether a data change in the interval has not been applied yet, which explains the difference."""


class MirrorVerification(Struct, kw_only=True):
    """Result of a comparison of a mirror with the service."""

    intervals: int = 0
    """Number of intervals that were compared."""
    records: int = 0
    """Number of records in them."""
    differences: list[MirrorDifference] = []
    """Intervals that differ."""
    problems: list[str] = []
    """Intervals that could not be compared, and why."""

    @property
    def is_equal(self) -> bool:
        """Whether all intervals were compared and are equal."""
        return not self.differences and not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {"equal": self.is_equal, **msgspec.to_builtins(self)}

    def __str__(self) -> str:
        lines = [
            f"site {each.site_id}, {each.start:%Y-%m-%d %H:%M:%S} to {each.end:%H:%M:%S}: {each.missing} missing, "
            f"{each.surplus} surplus{' (a data change is pending)' if each.has_pending_change else ''}"
            f"{''.join(f'{chr(10)}    {example}' for example in each.examples)}"
            for each in self.differences
        ]
        lines += [f"problem: {problem}" for problem in self.problems]
        lines.append(
            f"{_count(self.intervals, 'interval')} with {_count(self.records, 'record')} compared, "
            f"{len(self.differences)} differ"
        )
        return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    hours, minutes = divmod(seconds // 60, 60)
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{hours // 24} days"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"
