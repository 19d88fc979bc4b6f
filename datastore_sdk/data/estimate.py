"""Estimate the size and duration of a download from short samples of it: `Data.estimate`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from msgspec import Struct

from datastore_sdk._io.effects import EffectGen, redirect_items
from datastore_sdk.data.coverage.stage_intervals import fetch_filtered_stages
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.batch import join_records
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.parallel import split_query
from datastore_sdk.data.streaming.records import stream_records
from datastore_sdk.exceptions import UnusableValueError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.sites import get_site, list_sites
from restream_api.models import SiteMetadata

MAX_SAMPLES = 5
"""Maximum number of samples of a download, evenly spread over its time range."""
SAMPLE_INTERVALS = 300
"""Length of a sample in intervals of the resolution, so at most as many records of each site."""


class Estimate(Struct, frozen=True, kw_only=True):
    """Expected size and duration of a download, extrapolated from samples of its records.

    Records of a well come in some hours and not in others, so that samples between them can miss many.
    """

    calls: int
    """Number of requests for records."""
    records: int
    """Expected number of records."""
    bytes: int
    """Expected size in bytes of their JSON, decompressed."""
    seconds: float
    """Expected duration of the download, without the time that the program takes to process the records."""
    sampled_ranges: tuple[tuple[datetime, datetime], ...]
    """First and last second of each sample, in UTC. Empty if the range lies in the future: nothing was requested."""
    sampled_records: int
    """Number of records in the samples."""
    sampled_bytes: int
    """Size in bytes of their JSON, decompressed."""
    sampled_seconds: float
    """Duration of the requests for the samples."""

    def __str__(self) -> str:
        return (
            f"{self.calls:,} call{'s' * (self.calls != 1)}, about {self.records:,} records, {self.bytes / 1e6:,.1f} MB "
            f"and {timedelta(seconds=round(self.seconds))} (from {self.sampled_records:,} records in "
            f"{len(self.sampled_ranges)} sample{'s' * (len(self.sampled_ranges) != 1)})"
        )


def estimate_download(executor: RequestExecutor, queries: Sequence[DataQuery]) -> EffectGen[Estimate]:
    """Estimate the download of queries that differ only in site and time.

    Raises:
        UnusableValueError: The range has no start, and the service does not say when the records start.
        CallError: A request failed.
    """
    now = int(executor.clock.now())
    parts: list[_Part] = []
    for query in queries:
        for seconds in (yield from _find_seconds(executor, query, now)):
            if seconds:
                parts.append(_Part(query, seconds))  # noqa: PERF401 - `yield from` cannot stand in a comprehension
    samples: list[_Sample] = []
    for part in _choose_samples(parts):
        samples.append((yield from _download_sample(executor, part)))  # noqa: PERF401 - see above
    return _extrapolate(queries, sum(len(part.seconds) for part in parts), samples)


@dataclass(frozen=True, slots=True)
class _Part:
    """Seconds of a query without a gap."""

    query: DataQuery
    seconds: range


@dataclass(frozen=True, slots=True)
class _Sample:
    """A downloaded part."""

    seconds: range
    records: int
    bytes: int
    later_bytes: int
    """Size of the records that came after the first ones."""
    waited: float
    """Seconds until the first records."""
    lasted: float
    """Seconds until the last record."""


def _find_seconds(executor: RequestExecutor, query: DataQuery, now: int) -> EffectGen[list[range]]:
    """Return the seconds for which records are expected, as ranges without overlaps."""
    first, last = query.bounds()
    stages = (yield from fetch_filtered_stages(executor, query)) if query.stage_name_filter else None
    if stages is not None:
        limits = range(first or 0, min(now if last is None else last, now) + 1)
        return _merge(_intersect(stage.seconds, limits) for stage in stages)
    if first is None or last is None:
        known = yield from _fetch_known_seconds(executor, query)
        first = known.start if first is None else first
        last = known.stop - 1 if last is None and known else last
    return [range(first, min(now if last is None else last, now) + 1)]


def _fetch_known_seconds(executor: RequestExecutor, query: DataQuery) -> EffectGen[range]:
    """Return the seconds from the first to the last record of a site, or of the sites of a pad.

    Raises:
        UnusableValueError: The first record is unknown, and the query has no start.
    """
    if query.source == "site":
        sites: list[Any] = [(yield from executor.fetch(get_site(query.id)))]
    else:
        listed = yield from executor.fetch(list_sites(pad_id=query.id))
        sites = [site for site in listed if site.get("pad_id") == query.id]  # the service may ignore the filter
    extents = [extent for site in sites if isinstance(extent := site.get("metadata"), SiteMetadata)]
    first, last = (
        [int(each.timestamp()) for extent in extents if isinstance(each := extent.get(name), datetime)]
        for name in ("first_timestamp", "last_timestamp")
    )
    if not first and query.start is None:
        raise UnusableValueError(
            f"the service does not say when the records of {query.source} {query.id} start; pass start_datetime"
        )
    return range(min(first, default=0), max(last, default=-1) + 1)


def _intersect(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _merge(ranges: Iterable[range]) -> list[range]:
    """Return ranges without overlaps, in order."""
    merged: list[range] = []
    for one in sorted(filter(None, ranges), key=lambda each: each.start):
        if merged and one.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, one.stop))
        else:
            merged.append(one)
    return merged


def _choose_samples(parts: Sequence[_Part]) -> list[_Part]:
    """Return parts to download: all of them if they are short, else evenly spread ones."""
    if not parts:
        return []
    resolution = parts[0].query.resolution_seconds
    length = SAMPLE_INTERVALS * resolution
    total = sum(len(part.seconds) for part in parts)
    if total <= MAX_SAMPLES * length and len(parts) <= MAX_SAMPLES:
        return [*parts]
    ends = [*accumulate(len(part.seconds) for part in parts)]
    chosen: list[_Part] = []
    for number in range(MAX_SAMPLES):
        position = total * (2 * number + 1) // (2 * MAX_SAMPLES)
        index = next(index for index, end in enumerate(ends) if position < end)
        part = parts[index]
        start = part.seconds.start + position - (ends[index] - len(part.seconds))
        start = max(part.seconds.start, min(start, part.seconds.stop - length))
        start = max(part.seconds.start, start - start % resolution)  # records of an interval have its first second
        chosen.append(_Part(part.query, range(start, min(start + length, part.seconds.stop))))
    return [*dict.fromkeys(chosen)]


def _download_sample(executor: RequestExecutor, part: _Part) -> EffectGen[_Sample]:
    clock = executor.clock
    started = clock.monotonic()
    records = size = first_size = 0
    waited: float | None = None

    def count(texts: list[Any]) -> None:
        nonlocal records, size, first_size, waited
        records += len(texts)
        size += len(join_records(texts)) - 1  # without the brackets, with a comma for each record
        if waited is None:
            waited, first_size = clock.monotonic() - started, size

    start, end = (datetime.fromtimestamp(second, tz=UTC) for second in (part.seconds.start, part.seconds.stop - 1))
    query = replace(part.query, start=start, end=end, parallel=1)
    yield from redirect_items(count, stream_records(executor, query, TEXTS, DownloadState()))
    lasted = clock.monotonic() - started
    return _Sample(part.seconds, records, size, size - first_size, lasted if waited is None else waited, lasted)


def _extrapolate(queries: Sequence[DataQuery], total: int, samples: Sequence[_Sample]) -> Estimate:
    """Return the estimate for a number of seconds."""
    calls = sum(len([*split_query(query)]) if query.parallel > 1 else 1 for query in queries)
    seconds = sum(len(one.seconds) for one in samples)
    records = sum(one.records for one in samples)
    size = sum(one.bytes for one in samples)
    share = total / seconds if seconds else 0.0
    wait = _median([one.waited for one in samples] or [0.0])
    return Estimate(
        calls=calls,
        records=round(records * share),
        bytes=round(size * share),
        seconds=(wait * calls + size * share * _seconds_per_byte(samples))
        / max((query.parallel for query in queries), default=1),
        sampled_ranges=tuple(
            (datetime.fromtimestamp(one.seconds.start, tz=UTC), datetime.fromtimestamp(one.seconds.stop - 1, tz=UTC))
            for one in samples
        ),
        sampled_records=records,
        sampled_bytes=size,
        sampled_seconds=sum(one.lasted for one in samples),
    )


def _seconds_per_byte(samples: Sequence[_Sample]) -> float:
    """Return the seconds that a byte takes once records arrive.

    If each sample arrived at once, its wait counts too, so that the result is rather too long.
    """
    if later := sum(one.later_bytes for one in samples):
        return sum(one.lasted - one.waited for one in samples) / later
    return _median([one.lasted / one.bytes for one in samples if one.bytes] or [0.0])


def _median(values: Sequence[float]) -> float:
    from statistics import median  # slow to import

    return median(values)
