"""The command in a real terminal of its own: its output, keys, size and signals."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Any, Self

from tests.support.paths import PYTHONPATH
from tests.support.waiting import wait_until

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|.)")
_PROGRAM = """
import os, sys
from datastore_sdk.cli import main
os.close(os.open(os.ttyname(0), os.O_RDWR))  # now it is the terminal of this session, and its Ctrl-C arrives
sys.exit(main())
"""
ENTER_SCREEN, LEAVE_SCREEN, SHOW_CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"


class PseudoTerminal:
    """Context manager that runs a command of `datastore` in a terminal of 80 columns and 24 lines."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self.output = ""
        """Everything written so far."""
        self._master, self._slave = pty.openpty()
        self._is_open = True
        self.resize(80, 24, notify=False)
        self.settings_before = self.settings()
        paths = {"PYTHONPATH": PYTHONPATH, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **paths, **environment},
            start_new_session=True,
        )
        self._reader = Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.close()
        self._reader.join()

    @property
    def text(self) -> str:
        """The output without escape sequences."""
        return _ESCAPES.sub("", self.output)

    def settings(self) -> list[Any]:
        """Return the settings of the terminal: echo, line mode, ..."""
        return termios.tcgetattr(self._slave)

    def resize(self, width: int, height: int, *, notify: bool = True) -> None:
        """Change the size."""
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        if notify:
            self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def wait_for(self, text: str) -> None:
        """Wait until a text is written that was not there before."""
        known = self.text.count(text)
        try:
            wait_until(lambda: self.text.count(text) > known)
        except AssertionError:
            state = f"exit status {self.process.poll()}, last output {self.text[-2000:]!r}"
            raise AssertionError(f"{text!r} was not written; {state}") from None

    def wait_for_end(self) -> tuple[int, str]:
        """Return exit status and standard error."""
        _, error = self.process.communicate(timeout=30)
        return self.process.returncode, error

    def wait_until_stopped(self) -> None:
        """Wait until the process is stopped, as by Ctrl-Z."""
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def close(self) -> None:
        """Close the terminal, as a lost connection of ssh does."""
        if self._is_open:
            self._is_open = False
            os.close(self._slave)
            with suppress(OSError):
                os.close(self._master)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        with suppress(OSError):  # the terminal is closed
            while data := os.read(self._master, 65536):
                self.output += decoder.decode(data)
