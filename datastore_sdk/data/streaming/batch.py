"""A batch of records together with the JSON text that it was decoded from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any, Generic, TypeVar

import msgspec

from datastore_sdk.data.streaming.codecs import TEXTS, RecordCodec
from datastore_sdk.data.streaming.json_decoder import decode_texts

R = TypeVar("R")


class Batch(msgspec.Struct, Generic[R], frozen=True):
    """Some records of one response."""

    codec: RecordCodec[R]
    """The codec that decoded the records."""
    text: bytes
    """The JSON array of exactly these records."""
    records: list[R]
    """The records."""

    def select(self, mask: Sequence[bool]) -> Batch[R]:
        """Return a batch of the records for which the mask is True, in order."""
        if all(mask):
            return self
        if not any(mask):
            return Batch(self.codec, b"[]", [])
        records = [*compress(self.records, mask)]
        texts: Any = records if self.codec is TEXTS else compress(decode_texts(self.text), mask)
        return Batch(self.codec, join_records([*texts]), records)


def decode_batch(codec: RecordCodec[R], text: bytes) -> Batch[R]:
    """Decode a JSON array of records.

    Raises:
        RecordDecodeError: The text is not a JSON array of records.
    """
    return Batch(codec, text, codec.decode(text))


def join_records(records: Sequence[msgspec.Raw]) -> bytes:
    """Return a JSON array of records from their JSON texts."""
    return b"[" + b",".join(records) + b"]"
