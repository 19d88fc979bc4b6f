"""Recovery of live data that a killed program left in `<name>.unfinished`.

A live save writes each record there as soon as it arrives, as NDJSON, for every file format. Recovery reads
these records and writes the file that the save would have written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk.data.saving.atomic_file import UNFINISHED_SUFFIX
from datastore_sdk.data.saving.files import open_atomic, validate_target
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.json_decoder import RecordDecodeError
from datastore_sdk.data.writers.registry import find_writer

log = logging.getLogger("datastore_sdk")

_BATCH_BYTES = 1 << 20
"""Approximate number of bytes that are decoded together."""
_DECODE_ERRORS = (msgspec.DecodeError, RecordDecodeError, UnicodeDecodeError, RecursionError)


def find_unfinished(target: Path) -> list[Path]:
    """Return the files with the records of unfinished saves to a path, oldest first."""
    target = target.resolve()
    prefix = target.name[:200] + UNFINISHED_SUFFIX
    found = [path for path in target.parent.glob("*") if path.name == prefix or _is_numbered(path.name, prefix)]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def recover(
    path: str | os.PathLike[str], unfinished: str | os.PathLike[str] | None = None, *, overwrite: bool = False
) -> int:
    """Write the file of a killed live save; for arguments and errors see `LiveData.recover`."""
    target = validate_target(path, overwrite=overwrite)
    sources = find_unfinished(target) if unfinished is None else [Path(unfinished).expanduser()]
    if not sources:
        raise FileNotFoundError(f"there is no {target}{UNFINISHED_SUFFIX} to recover")
    count = 0
    with open_atomic(target, overwrite=overwrite) as file, find_writer(target)(file) as writer:
        for source in sources:
            with source.open("rb") as lines:
                for batch in _read_batches(lines, writer.codec, source):
                    count += len(batch)
                    _run(writer.write(batch))
        writer.finish()
    for source in sources:
        source.unlink()
    log.info("Recovered %d records of %s", count, target)
    return count


def _is_numbered(name: str, prefix: str) -> bool:
    return name.startswith(f"{prefix}-") and name.removeprefix(f"{prefix}-").isdecimal()


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
