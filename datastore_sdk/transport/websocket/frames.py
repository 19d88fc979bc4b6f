"""Cuts what comes over a WebSocket into messages.

A room sends many small messages, each whole in one frame. Those are cut out here, a hundred at a time; everything
else (fragments, pings, the closing, whatever breaks the protocol) is left to the library.
"""

from __future__ import annotations

from struct import Struct

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

MAX_MESSAGE_BYTES = 1 << 26
"""The most bytes that a message may have."""
_LONGEST_SKIPPED = 1 << 30
"""The most bytes of a message that is skipped. Who announces more is believed no more: it would never end."""
_SHOWN = 50
"""How many bytes are kept of a message that is too long."""
_TOO_LONG = b"too long: "
"""What stands before them, so that nobody takes them for a message."""
_WHOLE = frozenset({0x81, 0x82})
"""How a frame begins that is a whole message, of text or of bytes."""
_TWO_BYTES, _EIGHT_BYTES, _MASKED = 126, 127, 128
_SHORTEST = 2
_HEAD = Struct(">HH")
_TEXT = 0x81 << 8
_LONGER_TEXT = _TEXT | _TWO_BYTES
_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class FrameParser:
    """The frames of one connection.

    Args:
        protocol: The library's state of the connection.
        longest: The most bytes that a message may have. Of a longer one its beginning is handed on, which cannot be
            read; one in fragments ends the connection, and so does one that would be skipped for ever.
    """

    def __init__(self, protocol: ClientProtocol, longest: int = MAX_MESSAGE_BYTES) -> None:
        self._protocol = protocol
        self._longest = longest
        self._pieces: list[bytes] = []
        self._held = 0
        self._needed = _SHORTEST
        self._skip = 0
        self._fragments: list[bytes] = []
        self._fragmented = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._pieces.append(data)
        self._held += len(data)
        if self._held < self._needed:
            return []
        buffer = b"".join(self._pieces)
        messages: list[bytes] = []
        rest = buffer[self._cut(buffer, messages) :]
        self._pieces, self._held = [rest], len(rest)
        return messages

    def _cut(self, buffer: bytes, messages: list[bytes]) -> int:
        """Takes whole frames off a buffer, and comes back with where the first begins that is not whole."""
        position, end = 0, len(buffer)
        while end - position >= _SHORTEST:
            start, length = position + 2, buffer[position + 1]
            if length >= _TWO_BYTES:
                if length >= _MASKED:  # servers must not; the library says so
                    messages += self._leave_to_protocol(buffer[position:])
                    position = end
                    break
                start += 2 if length == _TWO_BYTES else 8
                if start > end:
                    self._needed = start - position
                    return position
                length = int.from_bytes(buffer[position + 2 : start])
            stop = start + length
            if length > self._longest:
                behind = self._skip_over(buffer, position, start, stop, messages)
                if behind == position:
                    return position
                position = behind
                continue
            if stop > end:
                self._needed = stop - position
                return position
            if buffer[position] in _WHOLE and not self._fragmented:
                messages.append(buffer[start:stop])
                position = _cut_usual(buffer, stop, end, messages)
            else:
                messages += self._leave_to_protocol(buffer[position:stop])
                position = stop
                if self._protocol.state > State.OPEN:  # what comes after the end is not part of it
                    position = end
        self._needed = _SHORTEST
        return position

    def _skip_over(self, buffer: bytes, position: int, start: int, stop: int, messages: list[bytes]) -> int:
        """Takes off what has come of a frame that is too long; comes back with its beginning where more must come."""
        end = len(buffer)
        if stop - start > _LONGEST_SKIPPED or buffer[position] not in _WHOLE or self._fragmented:
            messages += self._leave_to_protocol(buffer[position:])
            return end
        if end < start + _SHOWN:
            self._needed = start + _SHOWN - position
            return position
        messages.append(_TOO_LONG + buffer[start : start + _SHOWN])
        self._skip = max(0, stop - end)
        return min(stop, end)

    def _leave_to_protocol(self, data: bytes) -> list[bytes]:
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        frames = [event for event in events if isinstance(event, Frame) and event.opcode in _DATA]
        return [message for frame in frames for message in self._assembled(frame)]

    def _assembled(self, frame: Frame) -> list[bytes]:
        self._fragments.append(bytes(frame.data))
        self._fragmented = not frame.fin
        if self._fragmented:
            return []
        message = b"".join(self._fragments)
        self._fragments.clear()
        return [message]


def _cut_usual(buffer: bytes, position: int, end: int, messages: list[bytes]) -> int:
    """Takes off frames as most are, of text and below 64 KB; much faster than looking at all that a frame may be."""
    last, head, text, longer_text, keep = end - _HEAD.size, _HEAD.unpack_from, _TEXT, _LONGER_TEXT, messages.append
    while position <= last:
        kind, length = head(buffer, position)
        if kind == longer_text:
            start = position + 4
        elif text <= kind < longer_text:
            start, length = position + 2, kind - text
        else:
            break
        stop = start + length
        if stop > end:
            break
        keep(buffer[start:stop])
        position = stop
    return position
