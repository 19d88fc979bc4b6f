"""JSON array as a stream of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable
from itertools import islice
from typing import Final

import orjson
from starlette.concurrency import run_in_threadpool

_BATCH: Final = 64
_CHUNK: Final = 16_381
"""Bytes of a chunk. Chunks do not end where records end, so that clients do not rely on it."""


def json_chunks(items: Iterable[object]) -> Generator[bytes, None, None]:
    """Yield the array in chunks; an empty one is `[]`. Holds one batch and one chunk in memory."""
    iterator = iter(items)
    buffer = bytearray(b"[")
    while batch := list(islice(iterator, _BATCH)):
        buffer += orjson.dumps(batch)[1:-1] if len(buffer) == 1 else b"," + orjson.dumps(batch)[1:-1]
        while len(buffer) >= 2 * _CHUNK:
            yield bytes(buffer[:_CHUNK])
            del buffer[:_CHUNK]
    yield bytes(buffer) + b"]"


async def in_thread(chunks: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """Make each chunk in a worker thread, so that other calls proceed meanwhile."""
    while (chunk := await run_in_threadpool(next, chunks, None)) is not None:
        yield chunk
