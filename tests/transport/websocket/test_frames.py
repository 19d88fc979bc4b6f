"""Messages are complete for any split of the received bytes."""

from __future__ import annotations

import random

import pytest
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri

from datastore_sdk.transport.websocket.frames import FrameParser
from tests.realtime.websocket_server import BINARY, CONTINUED, PING, PONG, TEXT, frame


def frames(longest: int = 1 << 20) -> FrameParser:
    return FrameParser(ClientProtocol(parse_uri("ws://service/"), state=State.OPEN, max_size=longest), longest)


def fed(cutter: FrameParser, data: bytes, size: int) -> list[bytes]:
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return [message for piece in pieces for message in cutter.feed(piece)]


MESSAGES = [b"", b"a", b"b" * 125, b"c" * 126, b"d" * 65_535, b"e" * 65_536, b"f" * 200, b"g" * 300, "ü".encode()]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 4096, 1 << 20])
def test_wherever_they_are_split(size: int) -> None:
    data = b"".join(frame(message, TEXT if index % 3 else BINARY) for index, message in enumerate(MESSAGES))
    assert fed(frames(), data, size) == MESSAGES


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 4096])
def test_fragments_and_signs_of_life_in_between(size: int) -> None:
    data = b"".join(
        [
            frame(b"one"),
            frame(b"tw", final=False),
            frame(b"alive?", PING),
            frame(b"", CONTINUED, final=False),
            frame(b"alive", PONG),
            frame(b"o", CONTINUED),
            frame(b"three"),
        ]
    )
    cutter = frames()
    assert fed(cutter, data, size) == [b"one", b"two", b"three"]
    assert len(cutter._protocol.data_to_send()) == 1  # the pong


@pytest.mark.parametrize("size", [1, 100, 4096])
def test_a_message_that_is_too_long_is_left_out(size: int) -> None:
    data = frame(b"one") + frame(b"x" * 5000) + frame(b"two") + frame(b"y" * 70_000) + frame(b"three")
    messages = fed(frames(longest=1000), data, size)
    assert [message for message in messages if not message.startswith(b"too long")] == [b"one", b"two", b"three"]
    assert len(messages) == 5
    assert all(len(message) <= 100 for message in messages)


@pytest.mark.parametrize("length", [(1 << 30) + 1, 1 << 40, 1 << 62, 1 << 63])
@pytest.mark.parametrize("size", [1, 1000])
def test_a_message_without_end_ends_the_connection(length: int, size: int) -> None:
    """Otherwise all following bytes would become a part of it, and no message would arrive any more."""
    cutter = frames()
    data = frame(b"one") + b"\x81\x7f" + length.to_bytes(8) + b"x" * 1000
    assert fed(cutter, data, size) == [b"one"]
    assert cutter._protocol.state is not State.OPEN


def test_a_masked_frame_ends_the_connection() -> None:
    cutter = frames()
    assert cutter.feed(frame(b"one") + b"\x81\x83abcdef") == [b"one"]
    assert cutter._protocol.state is not State.OPEN
    assert cutter._protocol.parser_exc is not None


@pytest.mark.parametrize("bad", [b"\x83\x01a", b"\xf1\x01a", b"\x09\x01a", frame(b"a", CONTINUED)])
def test_what_breaks_the_protocol_ends_the_connection(bad: bytes) -> None:
    cutter = frames()
    cutter.feed(bad)
    assert cutter._protocol.parser_exc is not None


def test_random_bytes_never_hang() -> None:
    chance = random.Random(3)
    for _ in range(500):
        cutter = frames(longest=1 << 16)
        for _ in range(20):
            cutter.feed(chance.randbytes(chance.randrange(1, 200)))
