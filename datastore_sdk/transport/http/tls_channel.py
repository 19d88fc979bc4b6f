"""TLS over a channel. Apart from `channels.py`, for what it takes is long to import."""

from __future__ import annotations

import ssl
from time import monotonic

from datastore_sdk.transport.http.channels import AT_A_TIME, Channel


class TlsChannel(Channel):
    """TLS over a connection, which may be one over TLS itself.

    The library's TLS sockets can be neither nested nor, when their reading was ended, written to.
    """

    def __init__(self, below: Channel, context: ssl.SSLContext, host: str) -> None:
        super().__init__(below.socket)
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._shake_hands()

    def receive(self) -> bytes:
        """What has come; nothing where the other side has ended it."""
        end = self._end()
        while True:
            data, ended = self._decrypted()
            if data or ended or not self._more(end):
                return data

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        self._flush()

    def _shake_hands(self) -> None:
        end = self._end()
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._more(end):
                    raise ConnectionError("it ended within the TLS handshake") from None
            except ssl.SSLError:
                self._flush()  # tells the other side why
                raise
            else:
                return self._flush()

    def _end(self) -> float:
        """Until when what comes is waited for: a byte now and then makes no message."""
        return monotonic() + (self.socket.gettimeout() or 0.0)

    def _decrypted(self) -> tuple[bytes, bool]:
        """What there is to read, and whether the other side has said that it was the last."""
        pieces: list[bytes] = []
        try:
            while piece := self._tls.read(AT_A_TIME):
                pieces.append(piece)
            ended = True
        except ssl.SSLWantReadError:
            ended = False
        self._flush()
        return b"".join(pieces), ended

    def _more(self, end: float) -> bool:
        """Takes in more of what comes. TLS is not told of the end: what is left to say could not be said any more."""
        if monotonic() > end:
            raise TimeoutError("timed out")
        return bool(self._incoming.write(self._below.receive()))

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._below.send(data)
