"""Claims of rooms and session keys."""

from __future__ import annotations

import pytest

from datastore_sdk.exceptions import RoomInUseError
from datastore_sdk.realtime.exclusivity import RoomRegistry


def test_all_or_nothing() -> None:
    registry = RoomRegistry()
    hold = registry.claim({"the room a": "a"})
    with pytest.raises(RoomInUseError, match="the room a"):
        registry.claim({"the room b": "b", "the room a": "a"})
    registry.claim({"the room b": "b"})
    hold.release()
    hold.release()
    registry.claim({"the room a": "a"})


def test_extension_is_released_with_the_claim() -> None:
    registry = RoomRegistry()
    hold = registry.claim({"the watch": "watch"})
    hold.extend({"the room": "room"}).release()
    hold.extend({"the room": "room"})
    with pytest.raises(RoomInUseError, match="the room"):
        registry.claim({"the room": "room"})
    hold.release()
    registry.claim({"the watch": "watch", "the room": "room"})


def test_extension_of_a_released_claim_is_released() -> None:
    """A thread may claim a room while another thread ends its session."""
    registry = RoomRegistry()
    hold = registry.claim({"the watch": "watch"})
    hold.release()
    hold.extend({"the room": "room"})
    registry.claim({"the room": "room"})
