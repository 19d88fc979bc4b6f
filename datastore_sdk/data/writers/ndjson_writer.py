"""Newline-delimited JSON files (NDJSON, JSON Lines). Each value has the text that the service sent."""

from __future__ import annotations

from typing import Any

from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.json_spans import count_byte
from datastore_sdk.data.writers.base import Writer


class NdjsonWriter(Writer):
    """Writes records as lines, each a JSON object."""

    codec = TEXTS

    def write(self, batch: list[Any]) -> None:
        """Write records."""
        lines = b"\n".join([*batch, b""])
        if b"\r" in lines or count_byte(lines, b"\n") > len(batch):
            # The service sent line breaks between tokens. In strings they are always escaped.
            lines = b"".join(b" ".join(bytes(record).splitlines()) + b"\n" for record in batch)
        self._file.write(lines)

    def finish(self) -> None:
        """Do nothing: nothing follows the last line."""
