"""A batch of records together with the JSON text that it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.json_decoder import texts

R = TypeVar("R")


class Batch(msgspec.Struct, Generic[R], frozen=True):
    """Some records of one response."""

    form: RecordCodec[R]
    """The form of the records."""
    text: bytes
    """The JSON array that holds them, and nothing else."""
    records: list[R]
    """The records."""

    def only(self, wanted: Sequence[bool]) -> Batch[R]:
        """Return the batch with the records that are wanted, in order."""
        if all(wanted):
            return self
        if not any(wanted):
            return Batch(self.form, b"[]", [])
        kept = [text for text, keep in zip(texts(self.text), wanted, strict=True) if keep]
        records = [record for record, keep in zip(self.records, wanted, strict=True) if keep]
        return Batch(self.form, array_of(kept), records)


def read_batch(form: RecordCodec[R], text: bytes) -> Batch[R]:
    """Decode a JSON array of records.

    Raises:
        Undecodable: The text is not a JSON array of records.
    """
    return Batch(form, text, form.decode(text))


def array_of(records: Sequence[msgspec.Raw]) -> bytes:
    """Return the JSON array of records that are given as texts."""
    return b"[" + b",".join(records) + b"]"
