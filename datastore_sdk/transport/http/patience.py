"""Reads answers that the standard library's HTTP client opens, for as long as somebody's patience lasts.

It also mends what that client takes for an answer: headers that break off, and what comes before the answer.
"""

from __future__ import annotations

import math
import socket
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from io import BufferedReader, RawIOBase
from time import monotonic
from typing import Any, cast

from datastore_sdk.transport.effects import OutOfTime

NEVER = math.inf


def moment(seconds: float | None) -> float:
    """The moment in so many seconds; None: never."""
    return NEVER if seconds is None else monotonic() + seconds


class Patience:
    """How long an answer may take.

    Args:
        each: Seconds in which its next bytes must come.
        whole: Seconds in which all of it must come, once it has begun; a service may drip for ever.
        name: What these seconds are called in `Timeouts`.
        until: When nothing of it is waited for any more, by the clock that never jumps.
    """

    def __init__(self, each: float, whole: float, name: str, until: float = NEVER) -> None:
        self.until = until
        self.each = each
        self._whole = whole
        self._name = name
        self._begun = False
        self.end = NEVER

    def left(self) -> float:
        """Seconds in which the next bytes must come.

        Raises:
            OutOfTime: It is not waited for any more.
            TimeoutError: It took too long.
        """
        now = monotonic()
        if now >= self.until:
            raise OutOfTime
        if now >= self.end:
            raise TimeoutError(f"it was still answering after {self._whole:g} s (Timeouts.{self._name})")
        return min(self.each, self.until - now, self.end - now)

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return monotonic() >= self.until

    def came(self) -> None:
        """Some bytes came."""
        if not self._begun:
            self._begun, self.end = True, monotonic() + self._whole


def be_patient(connection: HTTPConnection, patience: Patience) -> None:
    """Has the next answer of a connection read with that patience."""
    connection.response_class = cast("type[HTTPResponse]", partial(_Response, patience))


class _Response(HTTPResponse):
    """An answer that is read with patience."""

    def __init__(self, patience: Patience, open_socket: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(open_socket, *arguments, **options)
        self.fp = _Lines(_Patiently(self.fp.detach(), open_socket, patience))

    def begin(self) -> None:
        """Reads status and headers. What a service says before its answer (103 Early Hints) is passed over."""
        super().begin()
        while HTTPStatus.CONTINUE <= self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            cast("Any", self).headers = None  # as before the first, or nothing is read
            super().begin()


class _Patiently(RawIOBase):
    """The bytes of a socket, waited for as long as somebody's patience lasts."""

    def __init__(self, raw: RawIOBase, open_socket: socket.socket, patience: Patience) -> None:
        self._raw = raw
        self._socket = open_socket
        self._patience = patience
        self._seconds: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        seconds = self._patience.left()
        if seconds != self._seconds:  # setting it takes a call of the system
            self._socket.settimeout(seconds)
            self._seconds = seconds
        try:
            count: int | None = cast("Any", self._raw).readinto(buffer)
        except TimeoutError:
            self._patience.left()  # says what is at its end, where it is not this one wait
            raise
        self._patience.came()
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Lines(BufferedReader):
    """Notices headers that break off, which the standard library takes for whole."""

    def readline(self, size: int | None = -1, /) -> bytes:
        if line := super().readline(size):
            return line
        raise ConnectionResetError("the connection was closed before the answer's beginning was whole")
