"""Parser of WebSocket frames.

The service sends many small messages, each in one frame. This module parses those, a hundred at a time. The library
websockets handles everything else: fragments, pings, close frames and violations of the protocol.
"""

from __future__ import annotations

from struct import Struct

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

MAX_MESSAGE_BYTES = 1 << 26
"""Maximum size of a message in bytes."""
_MAX_SKIPPED_BYTES = 1 << 30
"""Maximum announced size in bytes of a message that is skipped. A larger one would never end, so it is an error."""
_EXCERPT_BYTES = 50
"""Number of bytes that are kept of a message that is too long."""
_TOO_LONG = b"too long: "
"""Prefix of such an excerpt, so that it cannot be parsed as a message."""
_SINGLE_FRAME = frozenset({0x81, 0x82})
"""First bytes of a frame that is a whole message, text or binary."""
_TWO_BYTES, _EIGHT_BYTES, _MASKED = 126, 127, 128
_MIN_FRAME_BYTES = 2
_HEAD = Struct(">HH")
_TEXT = 0x81 << 8
_LONGER_TEXT = _TEXT | _TWO_BYTES
_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class FrameParser:
    """Frame parser of one connection.

    Args:
        protocol: The protocol object of the library for this connection.
        max_bytes: Maximum size of a message in bytes. A longer message is skipped, and an excerpt that cannot be parsed
            is returned instead. If it is fragmented or announces too many bytes, the connection is closed.
    """

    def __init__(self, protocol: ClientProtocol, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._protocol = protocol
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._held = 0
        self._needed = _MIN_FRAME_BYTES
        self._skip = 0
        self._fragments: list[bytes] = []
        self._fragmented = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that these bytes complete."""
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
        remainder = buffer[self._parse(buffer, messages) :]
        self._pieces, self._held = [remainder], len(remainder)
        return messages

    def _parse(self, buffer: bytes, messages: list[bytes]) -> int:
        """Parse the complete frames of a buffer; return the position of the first incomplete one."""
        position, end = 0, len(buffer)
        while end - position >= _MIN_FRAME_BYTES:
            start, length = position + 2, buffer[position + 1]
            if length >= _TWO_BYTES:
                if length >= _MASKED:  # not allowed for servers; the library raises the error
                    messages += self._pass_to_library(buffer[position:])
                    position = end
                    break
                start += 2 if length == _TWO_BYTES else 8
                if start > end:
                    self._needed = start - position
                    return position
                length = int.from_bytes(buffer[position + 2 : start])
            stop = start + length
            if length > self._max_bytes:
                end_of_part = self._skip_message(buffer, position, start, stop, messages)
                if end_of_part == position:
                    return position
                position = end_of_part
                continue
            if stop > end:
                self._needed = stop - position
                return position
            if buffer[position] in _SINGLE_FRAME and not self._fragmented:
                messages.append(buffer[start:stop])
                position = _parse_short_texts(buffer, stop, end, messages)
            else:
                messages += self._pass_to_library(buffer[position:stop])
                position = stop
                if self._protocol.state > State.OPEN:  # bytes after a close frame are ignored
                    position = end
        self._needed = _MIN_FRAME_BYTES
        return position

    def _skip_message(self, buffer: bytes, position: int, start: int, stop: int, messages: list[bytes]) -> int:
        """Skip the received part of a message that is too long; return the position after it.

        Returns the position of the frame itself if more bytes are needed for the excerpt.
        """
        end = len(buffer)
        if stop - start > _MAX_SKIPPED_BYTES or buffer[position] not in _SINGLE_FRAME or self._fragmented:
            messages += self._pass_to_library(buffer[position:])
            return end
        if end < start + _EXCERPT_BYTES:
            self._needed = start + _EXCERPT_BYTES - position
            return position
        messages.append(_TOO_LONG + buffer[start : start + _EXCERPT_BYTES])
        self._skip = max(0, stop - end)
        return min(stop, end)

    def _pass_to_library(self, data: bytes) -> list[bytes]:
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        frames = [event for event in events if isinstance(event, Frame) and event.opcode in _DATA]
        return [message for frame in frames for message in self._assemble(frame)]

    def _assemble(self, frame: Frame) -> list[bytes]:
        self._fragments.append(bytes(frame.data))
        self._fragmented = not frame.fin
        if self._fragmented:
            return []
        message = b"".join(self._fragments)
        self._fragments.clear()
        return [message]


def _parse_short_texts(buffer: bytes, position: int, end: int, messages: list[bytes]) -> int:
    """Parse text frames below 64 KB, the usual kind; much faster than the general parser."""
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
