"""Compare received with expected seconds, and report it: `Data.coverage` and `save(coverage=True)`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from heapq import nlargest
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any, Literal

import msgspec

from datastore_sdk._io.effects import EffectGen, RunBlocking, YieldItem, redirect_items
from datastore_sdk._utils.validation import validate_id
from datastore_sdk.data.coverage.collector import CoverageCollector, ReceivedSeconds
from datastore_sdk.data.coverage.integer_set import difference, union
from datastore_sdk.data.coverage.report import CoverageGap, CoverageReport, SiteCoverage
from datastore_sdk.data.coverage.stage_intervals import (
    StageInterval,
    fetch_filtered_stages,
    fetch_sites_of_pads,
    fetch_stages_between,
)
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.saving.files import open_atomic, validate_target
from datastore_sdk.data.streaming.codecs import TEXTS, RecordCodec
from datastore_sdk.data.streaming.records import stream_batches
from datastore_sdk.transport.executor.executor import RequestExecutor

log = logging.getLogger("datastore_sdk")

SUFFIX = ".coverage.json"
_MAX_GAPS = 1000
"""Maximum number of listed gaps of one site."""

Stages = Mapping[DataQuery, list[StageInterval] | None]
"""The stages that the stage filter of a query chooses; None if they could not be requested."""


def download_coverage(
    executor: RequestExecutor, queries: Sequence[DataQuery], download: DownloadState, min_gap: int
) -> EffectGen[CoverageReport]:
    """Download all records, and return their coverage report."""
    coverage = CoverageBuilder(executor, queries, min_gap)
    yield from redirect_items(
        partial(coverage.collector.add, TEXTS), stream_batches(executor, queries, download, TEXTS)
    )
    return (yield from coverage.build_report())


class CoverageBuilder:
    """Builder of the coverage report of a download.

    Args:
        executor: Sends the requests for stages and sites.
        queries: The requested data.
        min_gap: Seconds of the shortest gap that is listed.

    Raises:
        TypeError: `min_gap` is not an int.
        ValueError: `min_gap` is not positive.
    """

    def __init__(self, executor: RequestExecutor, queries: Sequence[DataQuery], min_gap: int) -> None:
        self._executor = executor
        self._queries = queries
        self._step = queries[0].resolution_seconds if queries else 1
        self._min_gap = validate_id(min_gap, "min_gap")
        self.collector = CoverageCollector(queries)

    def observe(self, form: RecordCodec[Any], steps: EffectGen[None]) -> EffectGen[None]:
        """Return the same steps, and collect the records that they emit."""

        def observe(records: Any) -> EffectGen[None]:
            self.collector.add(form, records)
            yield from YieldItem(records)

        return redirect_items(observe, steps)

    def build_report(self) -> EffectGen[CoverageReport]:
        """Build the report, after the last record."""
        stages: dict[DataQuery, list[StageInterval] | None] = {}
        for query in self._queries:
            if query.stage_name_filter:
                stages[query] = yield from fetch_filtered_stages(self._executor, query)
        own = {query.id for query in self._queries if query.source == "site"}
        own.update((yield from fetch_sites_of_pads(self._executor, self._queries)))
        known: set[int | None] = {*own, *self.collector.sites}
        if not known and self._queries:
            known.add(None)  # a pad without records and known sites
        ids = sorted(known, key=lambda site: (site is None, site or 0))
        sites: Sequence[SiteCoverage] = yield from RunBlocking(lambda: [self._build_site(site, stages) for site in ids])
        sites = yield from self._add_stages(sites)
        return CoverageReport(
            sites=tuple(sites),
            missing_fields=tuple(self.collector.missing_fields),
            records=self.collector.records,
            records_without_timestamp=self.collector.records_without_timestamp,
            resolution_seconds=self._step,
            min_gap=self._min_gap,
            queries=tuple(query.arguments() for query in self._queries),
        )

    def _build_site(self, site: int | None, stages: Stages) -> SiteCoverage:
        received = self.collector.sites.get(site) or ReceivedSeconds(self._step)
        origins: set[str] = set()
        expected: list[range] = []
        for query in self._queries:
            if query.source == "pad" or query.id == site:
                origin, seconds = self._find_expected(query, site, received, stages.get(query))
                origins.add(origin)
                expected += seconds
        intervals = union(self._intervals(seconds, received.phase) for seconds in expected)
        missing = _MissingIntervals(site, received.phase, self._step, self._min_gap)
        gaps = missing.gaps(difference(intervals, received.intervals.runs()))
        expected_seconds = sum(map(len, intervals)) * self._step
        origin_of_all: Literal["request", "stages", "records"] = (
            "records" if "records" in origins else "stages" if "stages" in origins else "request"
        )
        return SiteCoverage(
            site=site,
            records=received.records,
            expected_seconds=expected_seconds,
            expected_from=origin_of_all,
            received_seconds=expected_seconds - missing.seconds,
            first_record=_to_datetime(received.first),
            last_record=_to_datetime(received.last),
            gap_count=missing.count,
            gaps=tuple(gaps),
        )

    def _find_expected(
        self, query: DataQuery, site: int | None, received: ReceivedSeconds, stages: list[StageInterval] | None
    ) -> tuple[str, list[range]]:
        """Return the expected seconds of a query, and their origin."""
        first, last = query.bounds()
        if last is not None:  # the future is not missing
            last = min(last, max(int(self._executor.clock.now()), (received.last or 0) + self._step - 1))
        bounds = (-inf if first is None else first, inf if last is None else last)
        if stages is not None:
            chosen = [stage.seconds for stage in stages if site in {None, stage.site}]
            return "stages", [_clip(seconds, *bounds) for seconds in chosen]
        if first is not None and last is not None and query.stage_name_filter is None:
            return "request", [range(first, last + 1)]
        if received.first is None or received.last is None:
            return "records", []
        return "records", [_clip(range(received.first, received.last + self._step), *bounds)]

    def _intervals(self, seconds: range, phase: int) -> range:
        """Return the numbers of the intervals that lie within a time range.

        The service may or may not send a record of an interval that lies across an edge.
        """
        return range(-((phase - seconds.start) // self._step), (seconds.stop - phase) // self._step)

    def _add_stages(self, sites: Sequence[SiteCoverage]) -> EffectGen[list[SiteCoverage]]:
        """Return the sites with the stages of their gaps."""
        gaps = [gap for site in sites for gap in site.gaps]
        if not gaps:
            return [*sites]
        first = min(int(gap.start.timestamp()) for gap in gaps)
        last = max(int(gap.end.timestamp()) for gap in gaps)
        with_gaps = {site.site for site in sites if site.gaps}
        stages = yield from fetch_stages_between(self._executor, self._queries, with_gaps, first, last)
        by_site = {site: [stage for stage in stages if stage.site == site] for site in with_gaps}
        return [
            msgspec.structs.replace(site, gaps=tuple(_add_stage(gap, by_site[site.site]) for gap in site.gaps))
            if site.gaps
            else site
            for site in sites
        ]


class _MissingIntervals:
    """Missing intervals of one site."""

    def __init__(self, site: int | None, phase: int, step: int, min_gap: int) -> None:
        self.seconds = 0
        """Number of missing seconds."""
        self.count = 0
        """Number of gaps of at least `min_gap` seconds."""
        self._site = site
        self._phase = phase
        self._step = step
        self._min_gap = min_gap

    def gaps(self, missing: Iterable[range]) -> list[CoverageGap]:
        """Return the longest gaps in order of time."""
        longest = nlargest(_MAX_GAPS, self._select_listed(missing), key=len)
        return [self._gap(run) for run in sorted(longest, key=lambda run: run.start)]

    def _select_listed(self, missing: Iterable[range]) -> Iterator[range]:
        for run in missing:
            self.seconds += len(run) * self._step
            if len(run) * self._step >= self._min_gap:
                self.count += 1
                yield run

    def _gap(self, run: range) -> CoverageGap:
        return CoverageGap(
            site=self._site,
            start=datetime.fromtimestamp(self._phase + run.start * self._step, tz=UTC),
            end=datetime.fromtimestamp(self._phase + run.stop * self._step - 1, tz=UTC),
            seconds=len(run) * self._step,
        )


def validate_report_path(target: Path, *, overwrite: bool) -> Path:
    """Return the path of the report beside a file.

    Raises:
        FileExistsError: The report exists and `overwrite` is False.
        OSError: The path is invalid.
    """
    return validate_target(target.with_name(target.name + SUFFIX), overwrite=overwrite)


def write_report(report: CoverageReport, target: Path, path: Path, *, overwrite: bool) -> CoverageReport:
    """Write the report about a file, log its summary and return it.

    Raises:
        OSError: The report cannot be written.
    """
    report = msgspec.structs.replace(report, file=target.name, file_bytes=target.stat().st_size)
    log.log(logging.INFO if report.complete else logging.WARNING, "Coverage of %s: %s", target, report.summary())
    try:
        with open_atomic(path, overwrite=overwrite) as file:
            file.write(report.to_json().encode() + b"\n")
    except OSError as error:
        error.add_note(f"The records are saved in {target}, without the coverage report")
        raise
    return report


def _clip(seconds: range, first: float, last: float) -> range:
    return range(int(max(seconds.start, first)), int(min(seconds.stop - 1, last)) + 1)


def _add_stage(gap: CoverageGap, stages: Iterable[StageInterval]) -> CoverageGap:
    seconds = range(int(gap.start.timestamp()), int(gap.end.timestamp()) + 1)
    shared = ((len(_clip(stage.seconds, seconds.start, seconds.stop - 1)), stage) for stage in stages)
    length, stage = max(chain([(0, None)], shared), key=lambda item: item[0])
    if not length or stage is None:
        return gap
    return msgspec.structs.replace(gap, stage_number=stage.stage_number, state=stage.state)


def _to_datetime(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, tz=UTC)
