"""Read the JSON texts of the values of columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import orjson

from datastore_sdk.data.streaming.json_decoder import Cells, decode_cells

ColumnTexts = Sequence[Any]
"""The JSON text of each value of a column: bytes, or a buffer of them. A missing value is null."""
MAX_EXACT_INT = 2**53
"""Up to this magnitude, a float can hold every int exactly."""

_NULL = msgspec.Raw(b"null")
_MAX_DECODERS = 16


class RecordTexts:
    """The JSON texts of a batch of records, whose values are read when they are needed.

    Args:
        texts: A text for each record.
    """

    def __init__(self, texts: Sequence[msgspec.Raw]) -> None:
        self._texts = texts

    @cached_property
    def cells(self) -> list[Cells]:
        """All values of the records."""
        return decode_cells(_join(self._texts))

    @cached_property
    def names(self) -> dict[str, None]:
        """The names of all columns, in order of first appearance."""
        names: dict[str, None] = {}
        for record in self.cells:
            if not names.keys() >= record.keys():
                names.update(dict.fromkeys(record))
        return names

    def read_all(self) -> dict[str, ColumnTexts]:
        """Read all columns, in order of first appearance."""
        return self._pick(self.names)

    def read(self, names: Iterable[str]) -> dict[str, ColumnTexts]:
        """Read some columns, which takes a fraction of the time of all. Those that no record has may be left out."""
        if "cells" not in vars(self):
            try:
                return _decode(_join(self._texts), tuple(names))
            except (ValueError, RecursionError):  # an escape in a name, a lone surrogate in another one
                pass
        return self._pick(name for name in names if name in self.names)

    def _pick(self, names: Iterable[str]) -> dict[str, ColumnTexts]:
        return {name: [record.get(name, _NULL) for record in self.cells] for name in names}


def load_values(texts: ColumnTexts) -> list[object]:
    """Return the values of a column, ints exactly.

    Raises:
        RecursionError: A value is nested too deeply.
    """
    text = _join(texts)
    try:
        values: list[object] = orjson.loads(text)
    except orjson.JSONDecodeError:  # a lone surrogate, or a number beyond floats
        values = json.loads(text)
    if any(type(value) is float and abs(value) >= MAX_EXACT_INT for value in values):
        values = json.loads(text)  # orjson returns floats for ints beyond 64 bits
    return values


def _decode(array: bytes, names: tuple[str, ...]) -> dict[str, ColumnTexts]:
    records = _decoder(names)(array)
    return {name: [*map(attrgetter(f"text_{index}"), records)] for index, name in enumerate(names)}


@lru_cache(_MAX_DECODERS)
def _decoder(names: tuple[str, ...]) -> Callable[[bytes], list[Any]]:
    """Return a decoder of records that skips the values of all other names.

    Raises:
        ValueError: JSON writes a name with an escape.
    """
    attributes = {f"text_{index}": name for index, name in enumerate(names)}
    fields = [(attribute, msgspec.Raw, _NULL) for attribute in attributes]
    record: Any = msgspec.defstruct("Record", fields, rename=attributes, gc=False)
    return msgspec.json.Decoder(list[record]).decode


def _join(texts: Iterable[Any]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
