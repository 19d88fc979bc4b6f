"""Ctrl-C at any line of a module."""

from __future__ import annotations

import linecache
import sys
from types import FrameType, ModuleType, TracebackType
from typing import Any


class Interrupting:
    """Context in which KeyboardInterrupt is raised at the n-th executed line of a module."""

    def __init__(self, module: ModuleType, at: int) -> None:
        self._file = module.__file__
        self._left = at

    @property
    def was_raised(self) -> bool:
        return self._left <= 0

    def __enter__(self) -> None:
        sys.settrace(self._trace)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, _: str, __: object) -> Any:
        return self._line if frame.f_code.co_filename == self._file else None

    def _line(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "line" and not self.was_raised and not _is_no_step(frame):
            self._left -= 1
            if self.was_raised:
                raise KeyboardInterrupt
        return self._line


def _is_no_step(frame: FrameType) -> bool:
    """Return whether Python traces a line (`try`, end of `with`) at which no real interruption occurs."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return line == "try:" or line.startswith("with self._lock")
