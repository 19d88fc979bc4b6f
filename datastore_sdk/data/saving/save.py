"""Save the records of queries to a file: `Data.save`. Also write records of any other source to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk._utils.validation import validate_flag, validate_id
from datastore_sdk.data.field_metadata import FieldMetadataByName, fetch_field_metadata
from datastore_sdk.data.progress import DownloadState, ProgressCallback, ProgressCallbackError, ProgressMeter
from datastore_sdk.data.progress_display import open_display
from datastore_sdk.data.query import KEY_FIELDS, DataQuery, get_fixed_columns
from datastore_sdk.data.saving.files import open_atomic, open_unfinished, validate_target
from datastore_sdk.data.schema import OnMismatch, Schema
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.records import stream_batches
from datastore_sdk.data.writers.ndjson_writer import NdjsonWriter
from datastore_sdk.data.writers.registry import WriterFactory, find_writer, is_incremental
from datastore_sdk.transport.executor.executor import RequestExecutor

if TYPE_CHECKING:
    from datastore_sdk.data.coverage.report import CoverageReport

Stream = Callable[[RecordCodec[Any]], EffectGen[None]]
"""Emits lists of records in the form of a codec."""
Observe = Callable[[RecordCodec[Any], EffectGen[None]], EffectGen[None]]
"""Returns the same steps, and takes note of the records that they emit."""


def save_records(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    path: str | os.PathLike[str],
    download: DownloadState,
    *,
    overwrite: bool,
    resume: bool,
    progress: bool | ProgressCallback,
    coverage: bool,
    min_gap: int,
    schema: Schema | None = None,
    on_mismatch: OnMismatch = "null",
) -> EffectGen[CoverageReport | None]:
    """Download all records, write them to a file in the format of its suffix, and return the coverage report, if any.

    All arguments are validated before the first request.

    Args:
        executor: Sends the requests.
        queries: The requested data.
        path: The file.
        download: Counts the records.
        overwrite: Whether the file may exist.
        resume: Whether to resume an earlier save, and to write a journal from which a later one can resume.
        progress: Whether to show progress, or the function to call with it.
        coverage: Whether to write a coverage report beside the file.
        min_gap: Seconds of the shortest gap that the report lists.
        schema: The columns of a table; None: those of the records.
        on_mismatch: What a value does that does not fit its column of the schema.
    """
    target = validate_target(path, overwrite=overwrite)
    validate_flag(resume, "resume")
    validate_id(min_gap, "min_gap")
    kind = find_writer(target, schema, on_mismatch)
    save = partial(
        _save, executor, queries, target, kind, download, overwrite=overwrite, resume=resume, progress=progress
    )
    if not validate_flag(coverage, "coverage"):
        yield from save(observe=_observe_nothing)
        return None
    from datastore_sdk.data.coverage.builder import CoverageBuilder, validate_report_path, write_report  # seldom needed

    report_path = validate_report_path(target, overwrite=overwrite)
    builder = CoverageBuilder(executor, queries, min_gap)
    yield from save(observe=builder.observe)
    report = yield from builder.build_report()
    return (yield from RunBlocking(partial(write_report, report, target, report_path, overwrite=overwrite)))


def write_records(
    target: Path,
    kind: WriterFactory,
    stream: Stream,
    fetch_metadata: Callable[[], EffectGen[FieldMetadataByName]],
    *,
    columns: Iterable[str] = (),
    default_columns: Iterable[str] = (),
    overwrite: bool,
    keep_unfinished: bool = False,
) -> EffectGen[None]:
    """Write a file, which replaces the target when it is complete.

    Args:
        target: A path that `validate_target` has returned.
        kind: The writer of the format.
        stream: Emits the records, in the form that the format needs.
        fetch_metadata: Returns units and labels of the fields; called if the format stores them.
        columns: The columns that the file has in any case, if its format has columns.
        default_columns: The columns of a file that would have none.
        overwrite: Whether the target may exist.
        keep_unfinished: Whether records are in `<name>.unfinished` as soon as they are emitted, and stay there if the
            file is not completed: in the file itself, or as NDJSON if the format is complete only at the end.
    """
    incremental = is_incremental(kind)
    with ExitStack() as stack:
        unfinished = stack.enter_context(open_unfinished(target)) if keep_unfinished and not incremental else None
        file = stack.enter_context(
            open_atomic(target, overwrite=overwrite, keep_unfinished=keep_unfinished and incremental)
        )
        writer = stack.enter_context(kind(file))
        writer.set_columns(columns, default_columns)
        if writer.uses_metadata:
            writer.set_metadata((yield from fetch_metadata()))

        def write(batch: list[Any]) -> EffectGen[None] | None:
            if unfinished is not None:
                NdjsonWriter(unfinished).write([writer.codec.encode(record) for record in batch])
                unfinished.flush()
            steps = writer.write(batch)
            if keep_unfinished and incremental:
                file.flush()
            return steps

        yield from redirect_items(write, stream(writer.codec))
        yield from RunBlocking(writer.finish)
        yield from RunBlocking(stack.close)  # syncs to disk


def _save(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    target: Path,
    kind: WriterFactory,
    download: DownloadState,
    *,
    overwrite: bool,
    resume: bool,
    progress: bool | ProgressCallback,
    observe: Observe,
) -> EffectGen[None]:
    def write(stream: Stream) -> EffectGen[None]:
        return write_records(
            target,
            kind,
            lambda codec: observe(codec, stream(codec)),
            partial(fetch_field_metadata, executor, queries),
            columns=get_fixed_columns(queries),
            default_columns=KEY_FIELDS,
            overwrite=overwrite,
        )

    try:
        with open_display(progress) as callback:
            meter = ProgressMeter(download, queries, executor.clock, callback) if callback else None
            if resume:
                from datastore_sdk.data.saving.resumable import ResumableDownload  # seldom needed

                with ResumableDownload(executor, queries, target, download) as resumable:
                    yield from resumable.fetch()
                    yield from write(resumable.replay)
                    resumable.discard()
            else:
                download.count_records(0, None)
                yield from write(partial(stream_batches, executor, queries, download))
            if meter:
                meter.finish()
    except ProgressCallbackError as failed:
        raise failed.error from failed.error.__cause__


def _observe_nothing(_: RecordCodec[Any], steps: EffectGen[None]) -> EffectGen[None]:
    return steps
