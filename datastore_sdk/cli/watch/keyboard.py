"""Keys of the terminal, read one by one without echo."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from datastore_sdk.cli.signals import TerminalClosed

_POLL_SECONDS = 0.05
"""Interval in seconds of looking for keys on Windows."""
_MAX_BYTES = 64
_WINDOWS_ARROWS = {"H": "\x1b[A", "P": "\x1b[B"}


class Keyboard:
    """Context manager that reads keys. Without a terminal as standard input, no keys arrive."""

    def __init__(self) -> None:
        self._settings: list[Any] | None = None
        self._wakeup: tuple[int, int] | None = None
        self._previous_wakeup = -1

    def __enter__(self) -> Self:
        self.start()
        if os.name == "posix":
            self._wakeup = os.pipe()
            for end in self._wakeup:
                os.set_blocking(end, False)
            with suppress(ValueError):  # not in the main thread: no signal arrives here either
                self._previous_wakeup = signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wakeup is not None:
            with suppress(ValueError):
                signal.set_wakeup_fd(self._previous_wakeup)
            for end in self._wakeup:
                os.close(end)
            self._wakeup = None
        self.stop()

    def start(self) -> None:
        """Let the terminal pass on keys without waiting for Enter."""
        if os.name == "posix" and is_terminal(sys.stdin):
            import termios
            import tty

            self._settings = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)

    def stop(self) -> None:
        """Restore the settings of the terminal."""
        if self._settings is not None:
            import termios

            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._settings)
            self._settings = None

    def read(self, seconds: float) -> str:
        """Return the keys that are pressed, or nothing after some seconds or a signal.

        Raises:
            TerminalClosed: The terminal is gone.
        """
        if os.name != "posix":
            return _read_windows(seconds)
        keys = [sys.stdin.fileno()] if self._settings is not None else []
        wakeup = [self._wakeup[0]] if self._wakeup is not None else []
        ready, _, _ = select.select([*keys, *wakeup], [], [], seconds)
        for end in wakeup:
            if end in ready:
                os.read(end, _MAX_BYTES)
        if not keys or keys[0] not in ready:
            return ""
        try:
            pressed = os.read(keys[0], _MAX_BYTES)
        except OSError:
            pressed = b""
        if not pressed:
            raise TerminalClosed
        return pressed.decode(errors="ignore")


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal; it is None if it was closed before Python started."""
    return stream is not None and not stream.closed and stream.isatty()


def _read_windows(seconds: float) -> str:
    import msvcrt

    console: Any = msvcrt  # its functions are known to type checkers on Windows only
    deadline = time.monotonic() + seconds
    while not console.kbhit():
        if time.monotonic() >= deadline:
            return ""
        time.sleep(_POLL_SECONDS)
    key: str = console.getwch()
    return _WINDOWS_ARROWS.get(console.getwch(), "") if key in {"\x00", "\xe0"} else key
