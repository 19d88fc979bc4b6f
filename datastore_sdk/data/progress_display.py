"""Where progress is shown: on a terminal, in a notebook, else in the log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from inspect import iscoroutinefunction
from typing import TextIO

from datastore_sdk.data.progress import Progress, ProgressDisplay

log = logging.getLogger("datastore_sdk")

_LOG_INTERVAL = 10.0
"""Seconds between two lines in the log."""
_BAR = 15
"""How many characters wide a bar is: on a usual terminal, 80 wide, there is room for the numbers beside it."""


def display_for(progress: bool | ProgressDisplay) -> AbstractContextManager[ProgressDisplay | None]:
    """What shows progress while the block runs; None where nothing does.

    Args:
        progress: What the user asked for: True, False, or a function of their own.

    Raises:
        TypeError: It is none of these.
    """
    if progress is False:
        return nullcontext()
    if progress is True:
        return _usual()
    function: object = progress
    if not callable(function) or iscoroutinefunction(function):
        raise TypeError(f"progress must be True, False or an ordinary function of a Progress, not {progress!r}")
    return nullcontext(progress)


def _usual() -> AbstractContextManager[ProgressDisplay]:
    stream: TextIO | None = sys.stderr  # which a program without a console does not have
    if stream is not None and _in_notebook():
        return _line(stream, None)
    if stream is None or not stream.isatty():
        return _log_lines()
    from importlib.util import find_spec  # these take long to import
    from shutil import get_terminal_size

    return _bar() if find_spec("rich") else _line(stream, get_terminal_size().columns - 1)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return "ipykernel" in sys.modules and ipython is not None and hasattr(ipython.get_ipython(), "kernel")


@contextmanager
def _line(stream: TextIO, room: int | None) -> Generator[ProgressDisplay]:
    """One line of text that is written again and again, of so many characters at most."""
    width = 0

    def show(progress: Progress) -> None:
        nonlocal width
        text = str(progress)[:room]
        stream.write(f"\r{text:<{width}}")
        stream.flush()
        width = len(text)

    try:
        yield show
    finally:
        stream.write("\n")
        stream.flush()


@contextmanager
def _bar() -> Generator[ProgressDisplay]:
    """A bar and a line beside it."""
    from rich.console import Console
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False) as live:

        def show(progress: Progress) -> None:
            row = Table.grid(padding=(0, 1))
            bar = ProgressBar(total=1, completed=progress.fraction or 0, width=_BAR, pulse=progress.fraction is None)
            row.add_row(bar, Text(str(progress)))
            live.update(row, refresh=True)

        yield show


@contextmanager
def _log_lines() -> Generator[ProgressDisplay]:
    """A line in the log now and then, and one at the end."""
    last: Progress | None = None
    logged = 0.0

    def show(progress: Progress) -> None:
        nonlocal last, logged
        last = progress
        if progress.seconds >= logged + _LOG_INTERVAL:
            logged = progress.seconds
            log.info("%s", progress)

    try:
        yield show
    finally:
        if last and last.seconds > logged:
            log.info("%s", last)
