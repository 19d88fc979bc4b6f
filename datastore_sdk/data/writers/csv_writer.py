"""CSV files, written in bounded memory. The file has the columns of all records, in order of first appearance.

The header comes first, but the last record may add a column. So rows go to a temporary file, in segments. The rows of a
segment have the columns known at its start; a new column starts a new segment. At the end the header is written and the
segments are copied after it. Rows of earlier segments are padded with empty cells.

A cell is the JSON text that the service sent: `5` stays `5`, `true` stays `true`, no digit of a float is lost. A JSON
string without escapes is a valid quoted cell. A missing value and null are an empty cell; an empty string is `""`.

Rows are joined from JSON texts first. Then a whole block of them is converted, and only as far as it needs that: one
regular expression finds strings, nulls, objects and arrays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import msgspec
import orjson

from datastore_sdk.data.saving.synced_file import open_scratch_file
from datastore_sdk.data.streaming.codecs import CELLS
from datastore_sdk.data.streaming.json_decoder import Cells
from datastore_sdk.data.streaming.json_spans import STRING_PATTERN
from datastore_sdk.data.writers.base import Sink, Writer

_BLOCK_BYTES = 1 << 20
"""Number of bytes copied at a time."""
_EMPTY_ROW = b'""\n'
"""Row of a record without a value in a one-column file; most readers skip blank lines."""
_MAX_SHAPES = 5000
"""Maximum number of combinations of names with a row formatter of their own."""
_MAX_ESCAPES = 1000
"""Maximum number of escapes that are converted only once."""
_MAX_DEPTH = 4
"""Maximum depth of objects and arrays that the regular expression of tokens finds."""


def _match_nested(depth: int) -> bytes:
    """Return the regular expression of what an object or array of some depth holds."""
    item = STRING_PATTERN if depth == 1 else STRING_PATTERN + rb"|[\[{]" + _match_nested(depth - 1) + rb"[\]}]"
    return rb'[^"\[\]{}]*+(?:(?:' + item + rb')[^"\[\]{}]*+)*+'


_NESTED = _match_nested(_MAX_DEPTH)
# Each alternative starts with a literal, which lets the engine skip everything else.
_TOKENS = re.compile(STRING_PATTERN + rb"|null|\[" + _NESTED + rb"\]|\{" + _NESTED + rb"\}|\[|\{", re.DOTALL)
"""A string, null, a whole object or array, or the bracket of a deeper one."""
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)", re.DOTALL)
"""An escape, or the two of a surrogate pair. They are in strings only."""
_FIRST_NULL = re.compile(rb"\nnull")
"""A null at the start of a row. There are few, and a regular expression finds that faster than `bytes.replace`."""
_NULL_IN_STRING = re.compile(rb'"(?:(?<=[,\n]"),|(?![",\n])(?:[^"\\n]++|\\.|n(?!ull))*+null)', re.DOTALL)
"""A string with the word null, or one that starts with a comma. Closing quotes are before a comma or line break."""

RowFormatter = Callable[[Cells], bytes]
"""Formats a record with certain names as a row of JSON texts."""


class _TooDeepError(Exception):
    """A cell is nested more deeply than the regular expression of tokens."""


class _Segment(msgspec.Struct):
    width: int
    """Number of columns of each row."""
    size: int = 0
    """Size in bytes."""
    has_line_breaks: bool = False
    """Whether a cell may hold a line break."""


class CsvWriter(Writer):
    """Writes records as CSV: UTF-8, commas, quoted strings, line feeds."""

    codec = CELLS

    def __init__(self, file: Sink) -> None:
        super().__init__(file)
        self._spool = open_scratch_file(Path(file.name).parent)
        self._columns: dict[str, int] = {}
        """Number of each column."""
        self._fallback_columns: dict[str, None] = {}
        self._segments = [_Segment(width=0)]
        self._formatters: dict[tuple[str, ...], RowFormatter] = {}

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:
        """Set the columns that come first in any case, and those of a file without records."""
        self._columns = {name: number for number, name in enumerate(dict.fromkeys(columns))}
        self._fallback_columns = dict.fromkeys(fallback)

    def write(self, batch: list[Cells]) -> None:
        """Write records."""
        formatters = [self._formatters.get(tuple(record)) for record in batch]
        if None in formatters:
            self._add_columns(batch)
            formatters = [self._formatters.get(tuple(record), self._format_any) for record in batch]
        block = b"".join(
            [format_row(record) for format_row, record in zip(formatters, batch, strict=True) if format_row]
        )
        segment = self._segments[-1]
        try:
            converted = _convert(block)
        except _TooDeepError:
            converted = b"".join(map(self._convert_cells, batch))
        if converted is not block:
            segment.has_line_breaks |= converted.count(b"\n") != len(batch)
        self._spool.write(converted)
        segment.size += len(converted)

    def finish(self) -> None:
        """Write header and rows."""
        columns = [*self._columns] or [*self._fallback_columns]
        if columns:
            self._file.write(b",".join(_quote(name) for name in columns) + b"\n")
        self._spool.seek(0)
        for segment in self._segments:
            padding = b"," * (len(columns) - max(segment.width, 1))
            for block in (
                _pad_rows(self._spool, segment, padding) if len(columns) > 1 else _single_cells(self._spool, segment)
            ):
                self._file.write(block)

    def close(self) -> None:
        """Delete the temporary file."""
        self._spool.close()

    def _add_columns(self, batch: list[Cells]) -> None:
        """Add the columns of a batch, which start a new segment, and formatters for its combinations of names."""
        for record in batch:
            if not self._columns.keys() >= record.keys():
                for name in record:
                    self._columns.setdefault(name, len(self._columns))
        width = len(self._columns)
        if width > self._segments[-1].width:
            self._segments.append(_Segment(width))
            self._formatters.clear()
        for record in batch:
            names = tuple(record)
            if len(self._formatters) < _MAX_SHAPES and names not in self._formatters:
                self._formatters[names] = _row_formatter(names, self._columns)

    def _format_any(self, record: Cells) -> bytes:
        return _row_formatter(tuple(record), self._columns)(record)

    def _convert_cells(self, record: Cells) -> bytes:
        """Return the row, each cell converted by itself."""
        cells = [_convert_cell(bytes(record[name])) if name in record else b"" for name in self._columns]
        return b",".join(cells) + b"\n"


def _row_formatter(names: tuple[str, ...], columns: Mapping[str, int]) -> RowFormatter:
    """Return the formatter of records with these names, among columns with these numbers."""
    numbers = [columns[name] for name in names]
    ordered = sorted(numbers)
    if not names:
        row = b"," * (len(columns) - 1) + b"\n"
        return lambda _: row
    if ordered[-1] == len(names) - 1 and ordered == numbers:
        end = b"," * (len(columns) - len(names)) + b"\n"
        return lambda record: b",".join(record.values()) + end
    commas = (b"," * (right - left) for left, right in pairwise([0, *ordered, len(columns) - 1]))
    row = b"%b".join(commas) + b"\n"
    if ordered == numbers:
        return lambda record: row % (*record.values(),)
    by_number = dict(zip(numbers, names, strict=True))
    cells: Callable[[Cells], Any] = itemgetter(*(by_number[number] for number in ordered))
    return lambda record: row % cells(record)


def _convert(block: bytes) -> bytes:
    """Convert rows of JSON texts to CSV.

    Single bytes that are rare are searched first: they are found many times faster than words.

    Raises:
        _TooDeepError: A cell is nested too deeply.
    """
    if b"{" in block or b"[" in block:
        return _TOKENS.sub(_convert_token, block)
    if b"u" in block and b"null" in block:
        block = b"\n" + block
        if _NULL_IN_STRING.search(block):
            return _TOKENS.sub(_convert_token, block)[1:]
        block = _FIRST_NULL.sub(b"\n", block.replace(b",null", b","))[1:]
    return _ESCAPE.sub(_convert_escape, block) if b"\\" in block else block


class _EscapeTexts(dict[bytes, bytes]):
    """Text of a quoted cell for each escape of JSON strings."""

    def __missing__(self, escape: bytes) -> bytes:
        text = _quote(_load_string(b'"%b"' % escape))[1:-1]
        if len(self) < _MAX_ESCAPES:
            self[escape] = text
        return text


_escape_texts = _EscapeTexts()


def _convert_escape(token: re.Match[bytes]) -> bytes:
    return _escape_texts[token[0]]


def _load_string(text: bytes) -> str:
    try:
        value: str = orjson.loads(text)
    except orjson.JSONDecodeError:  # a lone surrogate
        value = json.loads(text)
    return value


def _convert_token(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if text in (b"{", b"["):
        raise _TooDeepError
    return text if text.startswith(b'"') and b"\\" not in text else _convert_cell(text)


def _convert_cell(text: bytes) -> bytes:
    if text == b"null":
        return b""
    if text.startswith(b'"'):
        return _quote(_load_string(text))
    if text.startswith((b"{", b"[")):
        return _quote(text.decode())
    return text


def _quote(text: str) -> bytes:
    # UTF-8 has no lone surrogates. Readers that need them open the file with errors="surrogatepass".
    return b'"' + text.replace('"', '""').encode(errors="surrogatepass") + b'"'


def _pad_rows(file: IO[bytes], segment: _Segment, padding: bytes) -> Iterator[bytes]:
    """Yield the bytes of a segment in blocks, with padding before the line break of each row."""
    if not (segment.has_line_breaks and padding):
        for block in _blocks(file, segment):
            yield block.replace(b"\n", padding + b"\n") if padding else block
    else:
        for line, ends_row in _lines(file, segment):
            yield line[:-1] + padding + b"\n" if ends_row else line


def _single_cells(file: IO[bytes], segment: _Segment) -> Iterator[bytes]:
    """Yield the rows of a one-column segment; empty cells are quoted."""
    within = False
    for line, ends_row in _lines(file, segment):
        yield _EMPTY_ROW if line == b"\n" and not within else line
        within = not ends_row


def _blocks(file: IO[bytes], segment: _Segment) -> Iterator[bytes]:
    left = segment.size
    while left:
        block = file.read(min(_BLOCK_BYTES, left))
        left -= len(block)
        yield block


def _lines(file: IO[bytes], segment: _Segment) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines of a segment, and whether a row ends with the line: a cell may hold a line break."""
    left, is_open = segment.size, False
    while left:
        line = file.readline(left)
        left -= len(line)
        is_open ^= line.count(b'"') % 2 == 1
        yield line, not is_open
