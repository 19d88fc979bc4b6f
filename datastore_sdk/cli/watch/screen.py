"""Screen of the live view: draws a frame a second, and reads keys, until it is quit."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from datetime import tzinfo
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.times import current_time
from datastore_sdk.cli.watch.curve import ASCII, BLOCKS
from datastore_sdk.cli.watch.feed import Feed
from datastore_sdk.cli.watch.keyboard import Keyboard, is_terminal
from datastore_sdk.cli.watch.model import WatchModel
from datastore_sdk.cli.watch.view import Layout, draw

_FRAME_SECONDS = 1.0
_QUIT = {"q", "Q", "\x1b", "\x04"}
"""Keys that quit: q, Escape, Ctrl-D."""
_UP, _DOWN = {"\x1b[A", "\x1bOA", "k"}, {"\x1b[B", "\x1bOB", "j"}


def validate_terminal(instead: str) -> None:
    """Raise unless the view can be drawn.

    Args:
        instead: The command that prints records as lines.

    Raises:
        CommandError: Standard output is not a terminal, or one that cannot move its cursor.
    """
    if not is_terminal(sys.stdout):
        raise CommandError(f"watch draws on a terminal, and standard output is not one; for lines: {instead}")
    if os.name == "posix" and os.environ.get("TERM", "") in {"", "dumb", "unknown"}:
        raise CommandError(
            f"watch cannot draw on this terminal (TERM={os.environ.get('TERM', '')!r}); set TERM, such as "
            f"xterm-256color, or for lines: {instead}"
        )


class Screen:
    """Context manager that takes over the terminal, and leaves it as it was, however the block ends."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        self._console = Console(highlight=False)
        self._live: Live | None = None
        self._previous: dict[int, Any] = {}
        self._is_stopped = False

    def __enter__(self) -> Self:
        self._start()
        if hasattr(signal, "SIGTSTP"):
            self._previous[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._request_stop)
            # A handler, so that the signal wakes the keyboard, and the new size is drawn at once.
            self._previous[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, _ignore)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._stop()

    def measure(self) -> tuple[int, int]:
        """Return width and height of the terminal now.

        COLUMNS and LINES do not count: programs that export them, such as readline, have the size of their start.
        """
        with suppress(OSError):  # the terminal is gone
            width, height = os.get_terminal_size(sys.stdout.fileno())
            if width and height:
                self._console.size = (width, height)
        return self._console.width, self._console.height

    @property
    def levels(self) -> str:
        """Characters of curves that the terminal can show."""
        return BLOCKS if self._console.encoding.startswith("utf") else ASCII

    def draw(self, lines: list[Text]) -> None:
        """Draw a frame. After Ctrl-Z, return to the shell until the program is continued."""
        if self._is_stopped:
            self._is_stopped = False
            self._stop()
            self._keyboard.stop()
            os.kill(os.getpid(), signal.SIGSTOP)
            self._keyboard.start()
            self._start()
        if self._live is not None:
            self._live.update(Group(*lines), refresh=True)

    def _start(self) -> None:
        self._live = Live(console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def _stop(self) -> None:
        if self._live is not None:
            with suppress(OSError):  # the terminal is gone
                self._live.stop()
            self._live = None

    def _request_stop(self, _: int, __: FrameType | None) -> None:
        self._is_stopped = True


def _ignore(_: int, __: FrameType | None) -> None:
    """Do nothing."""


def show(model: WatchModel, feed: Feed, zone: tzinfo) -> None:
    """Show the view until it is quit.

    Raises:
        RestreamError: The service refuses the records.
        TerminalClosed: The terminal is gone.
    """
    skipped = 0
    with feed, Keyboard() as keyboard, Screen(keyboard) as screen:
        while True:
            feed.update(model)
            width, height = screen.measure()
            skipped = min(max(skipped, 0), max(len(model.wells) - 1, 0))
            layout = Layout(width=width, height=height, levels=screen.levels, zone=zone, skipped=skipped)
            screen.draw(draw(model, current_time().timestamp(), layout))
            key = keyboard.read(_FRAME_SECONDS)
            if key in _QUIT:
                return
            skipped += (key in _DOWN) - (key in _UP)
