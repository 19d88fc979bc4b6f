"""SIGINT, SIGTERM and SIGHUP end a command between two pieces of output, with what it has written whole."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType, TracebackType
from typing import ClassVar, Self


class Terminated(KeyboardInterrupt):
    """SIGTERM was received. Everything that handles Ctrl-C handles it in the same way."""


class TerminalClosed(KeyboardInterrupt):
    """SIGHUP was received: the terminal was closed."""


_ERRORS: dict[int, type[KeyboardInterrupt]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}
if sys.platform != "win32":
    _ERRORS[signal.SIGHUP] = TerminalClosed

_REPEAT_SECONDS = 1.0
"""Time in seconds in which a repeated signal is ignored. `timeout` sends each signal twice, which must not end the
clean-up that the first one started."""


class Interruption:
    """Context manager in which these signals raise `KeyboardInterrupt`, except within `defer()`.

    SIGHUP stays ignored if it is, as `nohup` requests. A later signal raises in any case, so that a blocked write can
    be ended.

    Args:
        stop: Called by the first signal, instead of raising. It makes the block raise `KeyboardInterrupt` itself, when
            what it does is whole.
    """

    _last: ClassVar[float] = -_REPEAT_SECONDS
    """Time of the last signal, of all contexts: they are nested."""

    def __init__(self, stop: Callable[[], None] | None = None) -> None:
        self._stop = stop
        self._stopped_by: type[KeyboardInterrupt] | None = None
        self._deferring = False
        self._pending: type[KeyboardInterrupt] | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        if current_thread() is main_thread():  # others can have no handlers
            for number, error in _ERRORS.items():
                if error is not TerminalClosed or signal.getsignal(number) != signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            restored = self._ignore_repeated(handler) if self._is_repeated() else handler
            signal.signal(number, restored)  # type: ignore[arg-type]
        self._previous.clear()
        if self._stopped_by is not None and isinstance(error, KeyboardInterrupt):
            raise self._stopped_by from None

    @contextmanager
    def defer(self) -> Generator[None]:
        """Let signals that arrive within the block raise after it."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        if self._pending is not None:
            raise self._pending

    def _handle(self, number: int, _: FrameType | None) -> None:
        is_repeated, Interruption._last = self._is_repeated(), monotonic()
        if is_repeated:
            return
        kind = _ERRORS[number]
        if self._stop is not None and self._stopped_by is None:
            self._stopped_by = kind
            self._stop()
            return
        if self._deferring and self._pending is None:
            self._pending = kind
            return
        raise kind

    @classmethod
    def _is_repeated(cls) -> bool:
        """Return whether a signal that comes now would repeat the last one."""
        return monotonic() - cls._last < _REPEAT_SECONDS

    @classmethod
    def _ignore_repeated(cls, previous: object) -> Callable[[int, FrameType | None], None]:
        """Return a handler that ignores repeated signals while the command ends; a later one gets the previous one."""

        def handle(number: int, _: FrameType | None) -> None:
            if not cls._is_repeated():
                signal.signal(number, previous)  # type: ignore[arg-type]
                signal.raise_signal(number)

        return handle
