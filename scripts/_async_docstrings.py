"""Docstrings of async methods, derived from those of their sync twins.

`aget_x` has the whole docstring of `get_x`, so that editors show it. Only references in backticks differ:
`update()` becomes `aupdate()` if both exist, and `Data` becomes `DataAsync`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef

MAX_LINE_LENGTH = 120

_REFERENCE = re.compile(r"`((?:\w+\.)*)(\w+)((?:\([^`]*\))?)`")
"""A name in backticks, perhaps with a prefix and arguments: `Data.save(path)`."""
_ITEM = re.compile(r" +(?:\*{0,2}\w+: |[-*] |\|)")
"""The beginning of an entry under `Args:` and the like, of a list, or of a row of a table."""


@dataclass(frozen=True)
class Docstring:
    """A docstring as it stands in the source, quotes included; without lines if a function has none.

    Attributes:
        path: The file.
        start: Index of its first line in the file, or where it would stand.
        lines: Its lines.
    """

    path: Path
    start: int
    lines: tuple[str, ...]


def docstring_of(path: Path, source: list[str], function: Function) -> Docstring:
    """Return the docstring of a function.

    Args:
        path: The file of the function.
        source: The lines of the file.
        function: The function.
    """
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return Docstring(path, first.lineno - 1, ())
    return Docstring(path, first.lineno - 1, tuple(source[first.lineno - 1 : first.end_lineno]))


def to_async(lines: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of the docstring that the async twin should have.

    Args:
        lines: The docstring of the sync method.
        names: The async names of sync methods and classes.
    """

    def rename(match: re.Match[str]) -> str:
        prefix, name, call = match.groups()
        owner = "".join(f"{names.get(part, part)}." for part in prefix.split(".")[:-1])
        return f"`{owner}{names.get(name, name)}{call}`"

    return tuple(_wrap([_REFERENCE.sub(rename, line) for line in lines]))


def _wrap(lines: list[str]) -> list[str]:
    """Move words that exceed the line length into the next line of the paragraph."""
    wrapped: list[str] = []
    remaining = [*lines]
    while remaining:
        line = remaining.pop(0)
        if len(line) <= MAX_LINE_LENGTH or line.lstrip().startswith("|"):
            wrapped.append(line)
            continue
        cut = line.rfind(" ", 0, MAX_LINE_LENGTH + 1)
        excess = line[cut + 1 :]
        wrapped.append(line[:cut])
        indent = " " * (_indent_of(line) + (4 if _ITEM.match(line) else 0))
        if (
            remaining
            and remaining[0].strip()
            and _indent_of(remaining[0]) == len(indent)
            and not _ITEM.match(remaining[0])
        ):
            closing = remaining[0].strip() == '"""'
            remaining[:1] = [indent + excess, remaining[0]] if closing else [f"{indent}{excess} {remaining[0].strip()}"]
        else:
            remaining.insert(0, indent + excess)
    return wrapped


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def write_docstrings(changes: Iterable[tuple[Docstring, tuple[str, ...]]]) -> None:
    """Replace docstrings in their files.

    Args:
        changes: The docstrings, with the lines to put in their place.
    """
    by_path: dict[Path, list[tuple[Docstring, tuple[str, ...]]]] = {}
    for docstring, lines in changes:
        by_path.setdefault(docstring.path, []).append((docstring, lines))
    for path, replacements in by_path.items():
        source = path.read_text(encoding="utf-8").splitlines()
        for docstring, lines in sorted(replacements, key=lambda change: change[0].start, reverse=True):
            source[docstring.start : docstring.start + len(docstring.lines)] = lines
        path.write_text("\n".join(source) + "\n", encoding="utf-8")
