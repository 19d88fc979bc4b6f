"""Writes records to a file, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk.data.field_metadata import Descriptions
from datastore_sdk.data.saving.files import left_if_failed, replacing
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.writers.ndjson_writer import NdjsonWriter
from datastore_sdk.data.writers.registry import WriterFactory, is_incremental


def written(
    target: Path,
    kind: WriterFactory,
    batches: Callable[[RecordCodec[Any]], EffectGen[None]],
    descriptions: Callable[[], EffectGen[Descriptions]],
    *,
    columns: Iterable[str] = (),
    fallback: Iterable[str] = (),
    overwrite: bool,
    kept: bool = False,
) -> EffectGen[None]:
    """Writes a file, which takes the target's place when it is whole.

    Args:
        target: Where to; `checked_target` has found nothing wrong with it.
        kind: Writes the format.
        batches: Steps that emit the records in lists of the form that the format wants.
        descriptions: Steps that tell units and labels of the fields, taken where the format has a place for them.
        columns: Those that are there whatever comes, where the format has columns.
        fallback: The columns of a file without records.
        overwrite: Whether a file that exists may be replaced.
        kept: Whether records are in `<name>.unfinished` as soon as they come, and stay there if this comes to no end:
            in the file itself, or as NDJSON where its format is complete only at the end.
    """
    incremental = is_incremental(kind)
    with ExitStack() as stack:
        journal = stack.enter_context(left_if_failed(target)) if kept and not incremental else None
        file = stack.enter_context(replacing(target, overwrite=overwrite, kept=kept and incremental))
        writer = stack.enter_context(kind(file))
        writer.set_columns(columns, fallback)
        if writer.uses_metadata:
            writer.set_metadata((yield from descriptions()))

        def write(batch: list[Any]) -> EffectGen[None] | None:
            if journal is not None:
                NdjsonWriter(journal).write([writer.codec.encode(record) for record in batch])
                journal.flush()
            steps = writer.write(batch)
            if kept and incremental:
                file.flush()
            return steps

        yield from redirect_items(write, batches(writer.codec))
        yield from RunBlocking(writer.finish)
        yield from RunBlocking(stack.close)  # syncs to disk
