"""Resumable downloads: records go to a journal first, from which another process can resume the save."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import compress, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from datastore_sdk._io.effects import EffectGen, RunBlocking, YieldItem, redirect_items
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.saving.fingerprint import Fingerprint, build_fingerprint
from datastore_sdk.data.saving.journal import SUFFIX, Journal, JournalEntry, read_fingerprint
from datastore_sdk.data.saving.scratch_folder import (
    WriteOnceFolderError,
    build_temporary_path,
    check_scratch_folder,
    is_writable,
)
from datastore_sdk.data.streaming.batch import join_records
from datastore_sdk.data.streaming.codecs import TEXTS, RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.parallel import convert_texts
from datastore_sdk.data.streaming.record_identity import parse_second
from datastore_sdk.data.streaming.records import expect_fields, report_missing_fields, stream_records
from datastore_sdk.transport.executor.executor import RequestExecutor

log = logging.getLogger("datastore_sdk")


class ResumableDownload:
    """A download whose records go to a journal. A context manager, which closes the journal.

    Args:
        executor: Sends the requests.
        queries: The requested data.
        target: The file for which the records are meant.
        download: Counts the records.

    Raises:
        ResumeError: The save cannot resume from the existing journal.
        OSError: Neither the target's folder nor the temporary folder can hold the journal.
    """

    def __init__(
        self, executor: RequestExecutor, queries: Sequence[DataQuery], target: Path, download: DownloadState
    ) -> None:
        self._executor = executor
        self._queries = queries
        self._download = download
        self._is_read = False
        path, is_shared = _choose_journal_path(target.resolve())
        self._journal = Journal(path, build_fingerprint(executor, queries), check_owner=is_shared)

    def fetch(self) -> EffectGen[None]:
        """Download all records that the journal does not hold."""
        download, journal = self._download, self._journal
        expect_fields(self._queries, download)
        next_query, resumed_tracker = yield from self._read_journal()
        self._is_read = True
        download.count_records(0, download.last_timestamp)
        for index in range(next_query, len(self._queries)):
            query = self._queries[index]
            download.start_query(index)
            with closing(resumed_tracker or _create_tracker(query, journal, journal.end_offset)) as tracker:
                steps = stream_records(self._executor, query, TEXTS, download, tracker)
                yield from redirect_items(partial(self._append, index), steps)
            if _is_over(query, self._executor.clock.now()):
                journal.append(index, [])
            resumed_tracker = None
        report_missing_fields(self._queries, download)

    def replay(self, codec: RecordCodec[Any]) -> EffectGen[None]:
        """Emit the records of the journal."""
        end = self._journal.first_offset
        while entries := (yield from RunBlocking(partial(self._journal.read, end))):
            for entry in entries:
                if entry.texts:
                    yield from YieldItem(convert_texts(codec, entry.texts))
            end = entries[-1].end

    def discard(self) -> None:
        """Drop the records, after they were saved."""
        self._journal.truncate(self._journal.first_offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._is_read and self._download.records:
            path = self._journal.path
            error.add_note(
                f"{self._download.records} records are kept in {path}; save again with resume=True to use them"
            )
        self._journal.close()

    def _append(self, query: int, texts: list[msgspec.Raw]) -> EffectGen[None] | None:
        self._journal.append(query, texts)
        return iter(RunBlocking(self._journal.sync)) if self._journal.is_sync_due else None

    def _read_journal(self) -> EffectGen[tuple[int, DeliveryTracker | None]]:
        """Read the journal; return the index of the query to resume, and its delivered records."""
        journal, queries, download = self._journal, self._queries, self._download
        query, is_complete = 0, False
        tracker: DeliveryTracker | None = None
        start = end = journal.first_offset
        while entries := (yield from RunBlocking(partial(journal.read, end))):
            for entry in entries:
                if not query <= entry.query < len(queries):
                    raise journal.build_edited_error()
                if tracker is None or entry.query > query:
                    query, start = entry.query, entry.start
                    tracker = _create_tracker(queries[query], journal, start)
                if entry.texts:
                    text = join_records(entry.texts)
                    download.unseen_fields.add(text)
                    tracker.add(text, len(entry.texts), parse_second(TEXTS.read_keys(entry.texts[-1])[0]))
                is_complete = not entry.texts
                download.records += len(entry.texts)
                download.earlier_bytes += entry.end - entry.start
                end = entry.end
        if tracker and not is_complete and not queries[query].resumable:
            log.info("The query of the records in %s cannot be resumed, so it starts again", journal.path)
            download.records -= tracker.count
            download.earlier_bytes -= end - start
            end, tracker = start, None
        journal.truncate(end)
        if download.records:
            log.info("Resuming after %d records in %s", download.records, journal.path)
        download.start_query(min(query + is_complete, len(queries) - 1))
        if tracker and download.query_index == query:
            download.last_timestamp = tracker.last_second
        return query + is_complete, None if is_complete else tracker


def find_saved_request(target: Path) -> Fingerprint | None:
    """Return what an interrupted save to a file requested; None if there is no such save."""
    journal = find_journal(target)
    return None if journal is None else read_fingerprint(journal)


def find_journal(target: Path) -> Path | None:
    """Return the path of the journal that an interrupted save to a file left, if there is one."""
    return next(filter(os.path.lexists, _journal_paths(target.resolve())), None)


def _journal_paths(target: Path) -> tuple[Path, Path]:
    """Return the path of the journal beside a target, and in the temporary folder."""
    return target.with_name(target.name + SUFFIX), build_temporary_path(target, SUFFIX)


def _choose_journal_path(target: Path) -> tuple[Path, bool]:
    """Return the path of the journal of a target, and whether anybody can create files in its folder.

    The journal is beside the target. If that folder cannot hold it (only the target is writable, or the folder does not
    rename or delete files), it is in the temporary folder, under a name that every save of the target finds.
    """
    beside, elsewhere = _journal_paths(target)
    if os.path.lexists(beside):
        return beside, False
    if os.path.lexists(elsewhere):
        return elsewhere, True
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        check_scratch_folder(target)
    except OSError as error:
        if not (isinstance(error, WriteOnceFolderError) or is_writable(target)):
            return beside, False
        log.info("%s cannot hold %s (%s), which is written to %s", target.parent, beside.name, error, elsewhere)
        return elsewhere, True
    return beside, False


def _create_tracker(query: DataQuery, journal: Journal, start: int) -> DeliveryTracker:
    """Return a tracker for a query whose records are in the journal from an offset on."""
    # Slices that are fetched in parallel are tracked before they are in the journal.
    return DeliveryTracker.for_query(query, _JournalStore(journal, start) if query.parallel == 1 else None)


class _JournalStore:
    """Delivered texts that the journal holds anyway, one an entry."""

    def __init__(self, journal: Journal, start: int) -> None:
        self._journal = journal
        self._start = start
        self._wanted: list[bool] = []

    def append(self, texts: Sequence[bytes]) -> None:
        """Add texts."""
        self._wanted += [True] * len(texts)

    def skip(self, count: int) -> None:
        """Note that the next texts are no longer needed."""
        self._wanted += [False] * count

    def read(self, first: int) -> Iterator[bytes]:
        """Yield the texts in order, from the one with a number on."""
        for entry in islice(compress(self._entries(), self._wanted), first, None):
            yield join_records(entry.texts)

    def clear(self) -> None:
        """Forget all texts."""
        for entry in islice(self._entries(), len(self._wanted)):
            self._start = entry.end
        self._wanted.clear()

    def _entries(self) -> Iterator[JournalEntry]:
        end = self._start
        while entries := self._journal.read(end):
            yield from entries
            end = entries[-1].end


def _is_over(query: DataQuery, now: float) -> bool:
    """Return whether no more records can be measured; otherwise the next save requests the query again."""
    return query.end is not None and query.end.timestamp() < now
