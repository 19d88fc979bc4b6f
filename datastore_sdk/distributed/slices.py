"""Slices: the parts of a plan, each of one site and a short time range."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace


class Slice(Struct, frozen=True):
    """A part of a plan that one request covers."""

    site_id: int
    """Id of the site."""
    start: int
    """First second, in unix seconds."""
    end: int
    """Last second, in unix seconds. It is included."""

    def __str__(self) -> str:
        first, last = (f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}" for second in (self.start, self.end))
        return f"slice of site {self.site_id} from {first} to {last}"


def cut_slices(site_ids: Sequence[int], start: int, end: int, *, seconds: int, interval: int) -> tuple[Slice, ...]:
    """Return the slices of sites and a time range, in order of time.

    They begin at multiples of their length, so that the slices of overlapping ranges are the same.

    Args:
        site_ids: Ids of the sites.
        start: First second.
        end: Last second, included.
        seconds: Length of a slice; it is rounded down to whole intervals, and is at least one interval.
        interval: Seconds that one record stands for.
    """
    length = max(seconds // interval, 1) * interval
    starts = [start, *range(start - start % length + length, end + 1, length)]
    ends = [*(second - 1 for second in starts[1:]), end]
    return tuple(Slice(site_id, first, last) for first, last in zip(starts, ends, strict=True) for site_id in site_ids)


def restrict_slices(
    slices: Iterable[Slice], start: int | None, end: int | None, site_ids: Collection[int] | None, *, interval: int
) -> tuple[Slice, ...]:
    """Return the parts of slices within a range, widened to whole intervals, and of some sites.

    Args:
        slices: The slices.
        start: First second; None: no limit.
        end: Last second, included; None: no limit.
        site_ids: Ids of the sites; None: all.
        interval: Seconds that one record stands for.
    """
    first = None if start is None else start - start % interval
    last = None if end is None else end - end % interval + interval - 1
    parts = (
        replace(
            each,
            start=each.start if first is None else max(each.start, first),
            end=each.end if last is None else min(each.end, last),
        )
        for each in slices
        if site_ids is None or each.site_id in site_ids
    )
    return tuple(part for part in parts if part.start <= part.end)
