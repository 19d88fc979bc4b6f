"""Writes records as CSV whose columns are those of all records, in order of first appearance, in bounded memory.

The header stands first, yet the last record may bring a new column. So rows go to a spool, in segments: a segment's
rows have the columns known when it began, a new column begins a new segment. At the end the header is written and the
segments are copied behind it, the rows of earlier ones filled up with empty cells.

A cell is the JSON text that the service sent: `5` stays `5`, `true` stays `true`, no digit of a float is lost. A JSON
string without escapes is a quoted cell of CSV as it stands. A missing value and null are an empty cell; an empty string
is `""`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import msgspec

from datastore_sdk.data.saving.synced_file import open_scratch_file
from datastore_sdk.data.streaming.codecs import CELLS
from datastore_sdk.data.streaming.json_decoder import Cells
from datastore_sdk.data.writers.base import Sink, Writer

_BLOCK = 1 << 20
_EMPTY_ROW = b'""\n'
"""The row of a record without a value, where there is one column in the end: to most readers an empty line is none."""
_MOST_SHAPES = 1000
"""How many combinations of names are remembered; beyond that, records have little in common."""


class _Segment(msgspec.Struct):
    width: int
    """Columns of each row."""
    size: int = 0
    """Bytes."""
    one_row_a_line: bool = True
    """Whether no cell holds a line break."""


class CsvWriter(Writer):
    """Records as CSV: UTF-8, commas, strings quoted, line feeds."""

    codec = CELLS

    def __init__(self, file: Sink) -> None:
        super().__init__(file)
        self._spool = open_scratch_file(Path(file.name).parent)
        self._columns: dict[str, None] = {}
        self._otherwise: dict[str, None] = {}
        self._segments = [_Segment(width=0)]
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def set_columns(self, columns: Iterable[str], otherwise: Iterable[str] = ()) -> None:
        """Has these columns stand first, and be there whatever comes; the other ones where there would be none."""
        self._columns.update(dict.fromkeys(columns))
        self._otherwise = dict.fromkeys(otherwise)

    def write(self, batch: list[Cells]) -> None:
        """Adds records."""
        shapes = [self._shapes.get(tuple(record)) for record in batch]
        if None in shapes:
            self._learn(batch)
            shapes = [self._shapes[tuple(record)] for record in batch]
        rows = [
            b",".join(record.values()) + shape.rest if shape.rest else shape.row % shape.cells(record)
            for shape, record in zip(shapes, batch, strict=True)
            if shape
        ]
        block = b"".join(rows)
        if _must_be_converted(block):
            rows = [shape.converted(record) for shape, record in zip(shapes, batch, strict=True) if shape]
            block = b"".join(rows)
            self._segments[-1].one_row_a_line &= block.count(b"\n") == len(rows)
        self._spool.write(block)
        self._segments[-1].size += len(block)

    def finish(self) -> None:
        """Writes header and rows."""
        columns = self._columns or self._otherwise
        if columns:
            self._file.write(b",".join(_quoted(name) for name in columns) + b"\n")
        self._spool.seek(0)
        for segment in self._segments:
            padding = b"," * (len(columns) - max(segment.width, 1))
            for block in (
                _padded(self._spool, segment, padding) if len(columns) > 1 else _cells_alone(self._spool, segment)
            ):
                self._file.write(block)

    def close(self) -> None:
        """Throws the spool away."""
        self._spool.close()

    def _learn(self, batch: list[Cells]) -> None:
        """Takes in the columns of a batch; new ones begin a new segment."""
        for record in batch:
            self._columns.update(dict.fromkeys(record))
        width = len(self._columns)
        if width > self._segments[-1].width:
            self._segments.append(_Segment(width))
            self._shapes.clear()
        if len(self._shapes) > _MOST_SHAPES:
            self._shapes.clear()
        for record in batch:
            names = tuple(record)
            if names not in self._shapes:
                self._shapes[names] = _Shape(names, self._columns)


class _Shape:
    """How a record with certain names, in a certain order, becomes a row."""

    def __init__(self, names: tuple[str, ...], columns: Iterable[str]) -> None:
        present = set(names)
        marks = [b"%b" if column in present else b"" for column in columns]
        self.row = b",".join(marks) + b"\n"
        ordered = [column for column in columns if column in present]
        self.rest = b"," * (len(marks) - len(names)) + b"\n" if names and names == tuple(columns)[: len(names)] else b""
        """What follows the cells as they stand, where they are those of the first columns."""
        self.cells: Callable[[Cells], Any] = itemgetter(*ordered) if ordered else _no_cells
        self._several = len(ordered) != 1  # an itemgetter of one name gives its cell bare

    def converted(self, record: Cells) -> bytes:
        """The row, each cell looked at."""
        cells = self.cells(record)
        return self.row % (tuple(map(_cell, cells)) if self._several else _cell(cells))


def _must_be_converted(block: bytes) -> bool:
    """Whether a cell of these rows may not be CSV as it stands.

    Single bytes that seldom come are looked for first: they are found many times faster than words.
    """
    return b"\\" in block or b"{" in block or b"[" in block or (b"u" in block and b"null" in block)


def _no_cells(record: Cells) -> tuple[()]:  # noqa: ARG001 - stands where an itemgetter does
    return ()


def _cell(value: msgspec.Raw) -> bytes:
    text = bytes(value)
    if text == b"null":
        return b""
    if text.startswith(b'"'):
        return _quoted(json.loads(text))
    if text.startswith((b"{", b"[")):
        return _quoted(text.decode())
    return text


def _quoted(text: str) -> bytes:
    # A lone surrogate has no UTF-8; readers that must have it back open the file with errors="surrogatepass".
    return b'"' + text.replace('"', '""').encode(errors="surrogatepass") + b'"'


def _padded(file: IO[bytes], segment: _Segment, padding: bytes) -> Iterator[bytes]:
    """A segment's bytes, in blocks, with the padding before each row's line break."""
    if segment.one_row_a_line or not padding:
        for block in _blocks(file, segment):
            yield block.replace(b"\n", padding + b"\n") if padding else block
    else:
        for line, ends_row in _lines(file, segment):
            yield line[:-1] + padding + b"\n" if ends_row else line


def _cells_alone(file: IO[bytes], segment: _Segment) -> Iterator[bytes]:
    """The rows of a segment, each of one cell, which is seen even where there is nothing in it."""
    within = False
    for line, ends_row in _lines(file, segment):
        yield _EMPTY_ROW if line == b"\n" and not within else line
        within = not ends_row


def _blocks(file: IO[bytes], segment: _Segment) -> Iterator[bytes]:
    left = segment.size
    while left:
        block = file.read(min(_BLOCK, left))
        left -= len(block)
        yield block


def _lines(file: IO[bytes], segment: _Segment) -> Iterator[tuple[bytes, bool]]:
    """The lines of a segment, and whether a row ends with each: a line break may stand in a cell."""
    left, open_quote = segment.size, False
    while left:
        line = file.readline(left)
        left -= len(line)
        open_quote ^= line.count(b'"') % 2 == 1
        yield line, not open_quote
