"""Displays of progress: on a terminal, in a notebook, or in the log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from inspect import iscoroutinefunction
from typing import Protocol, TextIO, TypeVar

log = logging.getLogger("datastore_sdk")

_LOG_INTERVAL_SECONDS = 10.0
"""Time in seconds between two lines in the log."""
_BAR_WIDTH = 15
"""Width of a bar in characters: it leaves room for the numbers on a terminal 80 characters wide."""


class ShownProgress(Protocol):
    """Progress that a display can show, as text and as a bar."""

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        ...

    @property
    def fraction(self) -> float | None:
        """Share that is done, 0 to 1; None if unknown."""
        ...


P = TypeVar("P", bound=ShownProgress)


def open_display(progress: bool | Callable[[P], None]) -> AbstractContextManager[Callable[[P], None] | None]:
    """Return a context manager for a display of progress. It gives the display's callback; None for no display.

    Args:
        progress: The argument of `Data.save` or `Mirror.run`: True, False, or a function of the user.

    Raises:
        TypeError: The argument is of another type.
    """
    if progress is False:
        return nullcontext()
    if progress is True:
        return _default_display()
    function: object = progress
    if not callable(function) or iscoroutinefunction(function):
        raise TypeError(f"progress must be True, False or an ordinary function, not {progress!r}")
    return nullcontext(progress)


def _default_display() -> AbstractContextManager[Callable[[ShownProgress], None]]:
    stream: TextIO | None = sys.stderr  # None in a program without a console
    if stream is not None and _is_notebook():
        return _show_line(stream, None)
    if stream is None or not stream.isatty():
        return _write_log()
    from importlib.util import find_spec  # these are slow to import
    from shutil import get_terminal_size

    return _show_bar() if find_spec("rich") else _show_line(stream, get_terminal_size().columns - 1)


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return "ipykernel" in sys.modules and ipython is not None and hasattr(ipython.get_ipython(), "kernel")


@contextmanager
def _show_line(stream: TextIO, max_width: int | None) -> Generator[Callable[[ShownProgress], None]]:
    """Show one line of text, which each report overwrites."""
    width = 0

    def show(progress: ShownProgress) -> None:
        nonlocal width
        text = str(progress)[:max_width]
        stream.write(f"\r{text:<{width}}")
        stream.flush()
        width = len(text)

    try:
        yield show
    finally:
        stream.write("\n")
        stream.flush()


@contextmanager
def _show_bar() -> Generator[Callable[[ShownProgress], None]]:
    """Show a bar, and a line of text beside it."""
    from rich.console import Console
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False) as live:

        def show(progress: ShownProgress) -> None:
            row = Table.grid(padding=(0, 1))
            is_open = progress.fraction is None
            bar = ProgressBar(total=1, completed=progress.fraction or 0, width=_BAR_WIDTH, pulse=is_open)
            row.add_row(bar, Text(str(progress)))
            live.update(row, refresh=True)

        yield show


@contextmanager
def _write_log() -> Generator[Callable[[ShownProgress], None]]:
    """Write a line to the log at intervals, and one at the end."""
    last: ShownProgress | None = None
    logged = 0.0

    def show(progress: ShownProgress) -> None:
        nonlocal last, logged
        last = progress
        if progress.seconds >= logged + _LOG_INTERVAL_SECONDS:
            logged = progress.seconds
            log.info("%s", progress)

    try:
        yield show
    finally:
        if last and last.seconds > logged:
            log.info("%s", last)
