"""Bodies put through the cutter, in each of the three forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from datastore_sdk.data.streaming.json_decoder import decode_cells, decode_dicts, decode_texts
from datastore_sdk.data.streaming.json_splitter import JsonArraySplitter
from tests.data.json_literals import exactly

Decode = Callable[[bytes], list[Any]]

DECODERS: dict[str, Decode] = {"dicts": decode_dicts, "texts": decode_texts, "cells": decode_cells}


def cut(decode: Decode, pieces: Iterable[bytes]) -> list[Any]:
    """Return the records of a body that arrives in these pieces."""
    cutter = JsonArraySplitter(decode)
    records: list[Any] = []
    fed = 0
    for piece in pieces:
        for batch in cutter.feed(piece):
            assert batch, "a batch without records"
            records += batch
            assert cutter.consumed <= fed + len(piece)
        fed += len(piece)
    for batch in cutter.finish():
        records += batch
    return records


def in_pieces(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def exact_of(record: Any) -> dict[str, Any]:
    """Return a record of one of the text forms, with the text of each number."""
    if isinstance(record, msgspec.Raw):
        exact: dict[str, Any] = exactly(bytes(record))
        return exact
    return {name: exactly(bytes(text)) for name, text in record.items()}
