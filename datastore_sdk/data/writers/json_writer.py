"""JSON files: one array, one record per line. Each value has the text that the service sent."""

from __future__ import annotations

from typing import Any

from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.writers.base import Sink, Writer


class JsonWriter(Writer):
    """Writes records as a JSON array."""

    codec = TEXTS

    def __init__(self, file: Sink) -> None:
        super().__init__(file)
        self._lead = b"[\n"

    def write(self, batch: list[Any]) -> None:
        """Write records."""
        self._file.write(self._lead)
        self._file.write(b",\n".join(batch))
        self._lead = b",\n"

    def finish(self) -> None:
        """Close the array."""
        self._file.write(b"[]\n" if self._lead == b"[\n" else b"\n]\n")
