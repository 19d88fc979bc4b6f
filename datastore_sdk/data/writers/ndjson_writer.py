"""Writes records as newline-delimited JSON (NDJSON, JSON Lines). Each value stands as the service sent it."""

from __future__ import annotations

from typing import Any

from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.writers.base import Writer


class NdjsonWriter(Writer):
    """Records as lines, each a JSON object."""

    codec = TEXTS

    def write(self, batch: list[Any]) -> None:
        """Adds records."""
        lines = b"\n".join(batch)
        if lines.count(b"\n") >= len(batch) or b"\r" in lines:
            # Line breaks of the service's own: they stand between tokens, for in a string they are written \n.
            lines = b"\n".join(b" ".join(bytes(record).splitlines()) for record in batch)
        self._file.write(lines + b"\n")

    def finish(self) -> None:
        """Nothing follows the last line."""
