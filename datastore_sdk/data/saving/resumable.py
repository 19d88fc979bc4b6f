"""Saves that survive their process: records go to a journal first, from which another process can go on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import compress, islice
from pathlib import Path
from typing import Any

import msgspec

from datastore_sdk._io.effects import EffectGen, RunBlocking, YieldItem, redirect_items
from datastore_sdk.data.field_metadata import descriptions
from datastore_sdk.data.query import KEYS, DataQuery, columns_of
from datastore_sdk.data.saving.fingerprint import asked
from datastore_sdk.data.saving.journal import SUFFIX, Journal, JournalEntry
from datastore_sdk.data.saving.writing import written
from datastore_sdk.data.streaming.batch import join_records
from datastore_sdk.data.streaming.codecs import TEXTS, RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.parallel import in_form
from datastore_sdk.data.streaming.record_identity import second_of
from datastore_sdk.data.streaming.records import records
from datastore_sdk.data.writers.registry import WriterFactory
from datastore_sdk.transport.executor.executor import RequestExecutor

log = logging.getLogger("datastore_sdk")

Texts = list[msgspec.Raw]


def kept(
    exchange: RequestExecutor,
    queries: Sequence[DataQuery],
    target: Path,
    kind: WriterFactory,
    download: Download,
    *,
    overwrite: bool,
    observed: Callable[[RecordCodec[Any], EffectGen[None]], EffectGen[None]],
) -> EffectGen[None]:
    """Writes all records to a file by way of a journal, going on from one that is there.

    Args:
        exchange: Whom to ask.
        queries: What to ask.
        target: Where to write.
        kind: Writes the format.
        download: What counts the records.
        overwrite: Whether a file that exists may be replaced.
        observed: Return the same steps, with the records that they emit taken note of: those of earlier runs too.

    Raises:
        ResumeError: The journal that is there cannot be gone on with.
    """
    target = target.resolve()
    with closing(Journal(target.with_name(target.name + SUFFIX), asked(exchange, queries))) as journal:
        next_query, found = yield from _found(journal, queries, download)
        download.hand_over(0, download.reached)
        try:
            for index in range(next_query, len(queries)):
                download.turn_to(index)
                with closing(found or _tracker(queries[index], journal, journal.end)) as tracker:
                    steps = records(exchange, queries[index], TEXTS, download, tracker)
                    yield from redirect_items(partial(_append, journal, index), steps)
                if _is_over(queries[index], exchange.clock.now()):
                    journal.append(index, [])
                found = None
            described = partial(descriptions, exchange, queries)

            def replayed(form: RecordCodec[Any]) -> EffectGen[None]:
                return observed(form, _replayed(journal, form))

            columns = columns_of(queries)
            yield from written(target, kind, replayed, described, columns=columns, fallback=KEYS, overwrite=overwrite)
        except BaseException as error:
            if download.records:
                error.add_note(f"{download.records} records are kept in {journal.path}: resume=True goes on from there")
            raise
        journal.cut(journal.first)


def _found(
    journal: Journal, queries: Sequence[DataQuery], download: Download
) -> EffectGen[tuple[int, DeliveryTracker | None]]:
    """Looks through a journal: which query comes next, and what was delivered of it."""
    query, over = 0, False
    tracker: DeliveryTracker | None = None
    start = end = journal.first
    while entries := (yield from RunBlocking(partial(journal.read, end))):
        for entry in entries:
            if not query <= entry.query < len(queries):
                raise journal.edited()
            if tracker is None or entry.query > query:
                query, start = entry.query, entry.start
                tracker = _tracker(queries[query], journal, start)
            if entry.texts:
                tracker.add(join_records(entry.texts), len(entry.texts), second_of(TEXTS.read_keys(entry.texts[-1])[0]))
            over = not entry.texts
            download.records += len(entry.texts)
            download.kept += entry.end - entry.start
            end = entry.end
    if tracker and not over and not queries[query].resumable:
        log.info("The records in %s cannot be told from the rest, which is asked for as a whole again", journal.path)
        download.records -= tracker.count
        download.kept -= end - start
        end, tracker = start, None
    journal.cut(end)
    if download.records:
        log.info("%d records are there already, in %s", download.records, journal.path)
    download.turn_to(min(query + over, len(queries) - 1))
    if tracker and download.index == query:
        download.reached = tracker.last_second
    return query + over, None if over else tracker


def _tracker(query: DataQuery, journal: Journal, start: int) -> DeliveryTracker:
    """Return a tracker of what is delivered of a query, whose records are in the journal from a place on."""
    # Parts that are fetched at a time are not in the journal yet when they are tracked.
    return DeliveryTracker.of(query, _JournalStore(journal, start) if query.parallel == 1 else None)


class _JournalStore:
    """Delivered texts that are in the journal already, one an entry."""

    def __init__(self, journal: Journal, start: int) -> None:
        self._journal = journal
        self._start = start
        self._wanted: list[bool] = []

    def append(self, texts: Sequence[bytes]) -> None:
        """Take note of texts."""
        self._wanted += [True] * len(texts)

    def skip(self, count: int) -> None:
        """Note that the next texts are not wanted any more."""
        self._wanted += [False] * count

    def read(self, first: int) -> Iterator[bytes]:
        """Yield the texts in their order, from the one with a number on."""
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


def _append(journal: Journal, query: int, texts: Texts) -> EffectGen[None] | None:
    journal.append(query, texts)
    return iter(RunBlocking(journal.sync)) if journal.sync_due else None


def _is_over(query: DataQuery, now: float) -> bool:
    """Whether no more records can come; else the next run asks for those that have come meanwhile."""
    return query.end is not None and query.end.timestamp() < now


def _replayed(journal: Journal, form: RecordCodec[Any]) -> EffectGen[None]:
    """Emits the records that are in a journal."""
    end = journal.first
    while entries := (yield from RunBlocking(partial(journal.read, end))):
        for entry in entries:
            if entry.texts:
                yield from YieldItem(in_form(form, entry.texts))
        end = entries[-1].end
