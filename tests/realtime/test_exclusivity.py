"""Claims of rooms and session keys."""

from __future__ import annotations

import pytest

from datastore_sdk.exceptions import RoomInUseError
from datastore_sdk.realtime.exclusivity import RoomRegistry


def test_all_or_nothing() -> None:
    taken = RoomRegistry()
    hold = taken.claim({"the room a": "a"})
    with pytest.raises(RoomInUseError, match="the room a"):
        taken.claim({"the room b": "b", "the room a": "a"})
    taken.claim({"the room b": "b"})
    hold.release()
    hold.release()
    taken.claim({"the room a": "a"})


def test_extension_is_released_with_the_claim() -> None:
    taken = RoomRegistry()
    hold = taken.claim({"the watch": "watch"})
    hold.extend({"the room": "room"}).release()
    hold.extend({"the room": "room"})
    with pytest.raises(RoomInUseError, match="the room"):
        taken.claim({"the room": "room"})
    hold.release()
    taken.claim({"the watch": "watch", "the room": "room"})


def test_extension_of_a_released_claim_is_released() -> None:
    """Whoever listens in a thread may take it while another ends the listening."""
    taken = RoomRegistry()
    hold = taken.claim({"the watch": "watch"})
    hold.release()
    hold.extend({"the room": "room"})
    taken.claim({"the room": "room"})
