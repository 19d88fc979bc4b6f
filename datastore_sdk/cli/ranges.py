"""The time range of a command, from `--since`, `--from` and `--to`."""

from __future__ import annotations

from datetime import datetime, tzinfo

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.times import current_time, format_option, parse_time


def resolve_range(
    since: str | None, from_: str | None, to: str | None, zone: tzinfo | None
) -> tuple[datetime | None, datetime | None]:
    """Return start and end of the range; None for an open one. `--since` ends now.

    Raises:
        CommandError: A time is invalid, the range starts in the future, ends before it starts, or has two starts.
    """
    if since is not None and (from_ is not None or to is not None):
        raise CommandError("pass --since, or --from and --to: --since ends now")
    option, text = ("--from", from_) if since is None else ("--since", since)
    start = None if text is None else parse_time(text, option, zone)
    now = current_time().replace(microsecond=0)
    if start is not None and start > now:
        raise CommandError(f"{option}: {format_option(start)} lies in the future; now it is {format_option(now)}")
    end = now if since is not None else None if to is None else parse_time(to, "--to", zone, is_end=True)
    if start is not None and end is not None and end < start:
        raise CommandError(f"--to ({format_option(end)}) is before {option} ({format_option(start)}); exchange them")
    return start, end
