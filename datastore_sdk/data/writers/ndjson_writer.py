"""Newline-delimited JSON files (NDJSON, JSON Lines). Each value has the text that the service sent."""

from __future__ import annotations

from typing import Any

from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.writers.base import Writer


class NdjsonWriter(Writer):
    """Writes records as lines, each a JSON object."""

    codec = TEXTS

    def write(self, batch: list[Any]) -> None:
        """Write records."""
        text = b"".join(batch)
        if b"\n" in text or b"\r" in text:
            # The service sent line breaks between tokens. In strings they are always escaped.
            batch = [b" ".join(bytes(record).splitlines()) for record in batch]
        self._file.write(b"\n".join([*batch, b""]))

    def finish(self) -> None:
        """Do nothing: nothing follows the last line."""
