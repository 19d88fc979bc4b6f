"""Recovery of live data that a killed program left in `<name>.unfinished`.

A live save writes each record there as soon as it arrives, as NDJSON, for every file format. Recovery reads
these records and writes the file that the save would have written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import msgspec

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk.data.saving.files import open_atomic, validate_target
from datastore_sdk.data.saving.scratch_folder import remove_scratch_file
from datastore_sdk.data.saving.unfinished import SUFFIX, find_unfinished, open_abandoned
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.json_decoder import RecordDecodeError
from datastore_sdk.data.writers.registry import find_writer
from datastore_sdk.exceptions import ResumeError

log = logging.getLogger("datastore_sdk")

_BATCH_BYTES = 1 << 20
"""Approximate number of bytes that are decoded together."""
_DECODE_ERRORS = (msgspec.DecodeError, RecordDecodeError, UnicodeDecodeError, RecursionError)


def recover(
    path: str | os.PathLike[str], unfinished: str | os.PathLike[str] | None = None, *, overwrite: bool = False
) -> int:
    """Write the file of a killed live save; for arguments and errors see `LiveData.recover`."""
    target = validate_target(path, overwrite=True)
    kind = find_writer(target)
    with ExitStack() as stack:
        sources = _open_sources(stack, target, None if unfinished is None else Path(unfinished).expanduser())
        if target.exists() and not overwrite:
            raise FileExistsError(
                f"{target} exists already; recover to another path, with unfinished={str(sources[0][0])!r}, or pass "
                "overwrite=True to replace it"
            )
        count = 0
        with open_atomic(target, overwrite=overwrite) as file, kind(file) as writer:
            for source, lines in sources:
                for batch in _read_batches(lines, writer.codec, source):
                    count += len(batch)
                    _run(writer.write(batch))
            writer.finish()
    for source, _ in sources:
        remove_scratch_file(source)
    log.info("Recovered %d records of %s", count, target)
    return count


def _open_sources(stack: ExitStack, target: Path, unfinished: Path | None) -> list[tuple[Path, IO[bytes]]]:
    """Open the files with the records, and keep them locked until the stack is closed."""
    paths = find_unfinished(target) if unfinished is None else [unfinished]
    sources: list[tuple[Path, IO[bytes]]] = []
    in_use: list[Path] = []
    for path in paths:
        if file := open_abandoned(path):
            sources.append((path, stack.enter_context(file)))
        else:
            in_use.append(path)
    if not paths:
        raise FileNotFoundError(f"there is no {target}{SUFFIX} to recover")
    if not sources:
        raise ResumeError(f"{in_use[0]} is in use: a save writes to it; end that save first", path=in_use[0])
    for path in in_use:
        log.warning("%s is in use: a save writes to it, so its records are left out", path)
    return sources


def _read_batches(file: IO[bytes], codec: RecordCodec[Any], path: Path) -> Iterator[list[Any]]:
    """Yield the records of NDJSON lines, without lines that a kill or a power cut damaged."""
    while lines := file.readlines(_BATCH_BYTES):
        try:
            yield codec.decode(b"[%b]" % b",".join(lines))
        except _DECODE_ERRORS:
            yield [record for line in lines for record in _decode_line(line, codec, path)]


def _decode_line(line: bytes, codec: RecordCodec[Any], path: Path) -> list[Any]:
    try:
        return codec.decode(b"[%b]" % line)
    except _DECODE_ERRORS:
        log.warning("%s has an incomplete record, which is left out", path)
        return []


def _run(effects: EffectGen[None] | None) -> None:
    """Run effects of a writer, all of which are blocking functions."""
    for effect in effects or ():
        if not isinstance(effect, RunBlocking):
            raise NotImplementedError(effect)
        effect.function()
