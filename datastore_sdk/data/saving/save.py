"""Saves the records of queries to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk._utils.validation import validate_flag, validate_id
from datastore_sdk.data.field_metadata import descriptions
from datastore_sdk.data.progress import ProgressDisplay, ProgressDisplayError, ProgressMeter
from datastore_sdk.data.progress_display import display_for
from datastore_sdk.data.query import KEYS, DataQuery, columns_of
from datastore_sdk.data.saving.files import checked_target
from datastore_sdk.data.saving.writing import written
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.records import batches
from datastore_sdk.data.writers.registry import WriterFactory, find_writer
from datastore_sdk.transport.executor.executor import RequestExecutor

if TYPE_CHECKING:
    from datastore_sdk.data.completeness.report import CoverageReport


def saving(
    exchange: RequestExecutor,
    queries: Sequence[DataQuery],
    path: str | os.PathLike[str],
    download: Download,
    *,
    overwrite: bool,
    resume: bool,
    progress: bool | ProgressDisplay,
    coverage: bool,
    min_gap: int,
) -> EffectGen[CoverageReport | None]:
    """Writes all records to a file, in the format of its suffix; returns the report about it, if there is one.

    Everything that can be wrong with the path is found before the first request.

    Args:
        exchange: Whom to ask.
        queries: What to ask.
        path: Where to write.
        download: What counts the records.
        overwrite: Whether a file that exists may be replaced.
        resume: Whether to go on from what an earlier run has left, and to leave something to go on from.
        progress: Whether progress is shown, or what is told of it.
        coverage: Whether a report of what is missing is written beside the file.
        min_gap: Seconds of the shortest gap that the report lists.
    """
    target = checked_target(path, overwrite=overwrite)
    validate_flag(resume, "resume")
    validate_id(min_gap, "min_gap")
    kind = find_writer(target)
    saved = partial(
        _saved, exchange, queries, target, kind, download, overwrite=overwrite, resume=resume, progress=progress
    )
    if not validate_flag(coverage, "coverage"):
        yield from saved(observed=_as_they_are)
        return None
    from datastore_sdk.data.completeness.builder import CoverageBuilder, coverage_path, written_report  # here, as below

    report_path = coverage_path(target, overwrite=overwrite)
    found = CoverageBuilder(exchange, queries, min_gap)
    yield from saved(observed=found.observed)
    report = yield from found.report()
    return (yield from RunBlocking(partial(written_report, report, target, report_path, overwrite=overwrite)))


def _saved(
    exchange: RequestExecutor,
    queries: Sequence[DataQuery],
    target: Path,
    kind: WriterFactory,
    download: Download,
    *,
    overwrite: bool,
    resume: bool,
    progress: bool | ProgressDisplay,
    observed: Callable[[RecordCodec[Any], EffectGen[None]], EffectGen[None]],
) -> EffectGen[None]:
    try:
        with display_for(progress) as show:
            meter = ProgressMeter(download, queries, exchange.clock, show) if show else None
            if resume:
                from datastore_sdk.data.saving.resumable import kept  # here, for few need it

                yield from kept(exchange, queries, target, kind, download, overwrite=overwrite, observed=observed)
            else:
                download.hand_over(0, None)
                described = partial(descriptions, exchange, queries)

                def emitted(form: RecordCodec[Any]) -> EffectGen[None]:
                    return observed(form, batches(exchange, queries, download, form))

                columns = columns_of(queries)
                yield from written(
                    target, kind, emitted, described, columns=columns, fallback=KEYS, overwrite=overwrite
                )
            if meter:
                meter.finish()
    except ProgressDisplayError as failed:
        raise failed.error from failed.error.__cause__


def _as_they_are(_: RecordCodec[Any], steps: EffectGen[None]) -> EffectGen[None]:
    return steps
