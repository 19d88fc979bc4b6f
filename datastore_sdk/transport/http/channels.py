"""What bytes go over: TCP connections, and TLS over them (`tls_channel.py`)."""

from __future__ import annotations

import socket

AT_A_TIME = 1 << 19
"""How many bytes are read at a time: fewer cost more turns of the threads, more leave the processor's cache."""


class Channel:
    """A TCP connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def wait_at_most(self, seconds: float) -> None:
        """Each wait from now on takes so many seconds at most."""
        if seconds != self.socket.gettimeout():  # setting it takes calls of the system, and other threads their turn
            self.socket.settimeout(seconds)

    def receive(self) -> bytes:
        """What has come; nothing where the other side has ended it."""
        return self.socket.recv(AT_A_TIME)

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        self.socket.sendall(data)

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()
