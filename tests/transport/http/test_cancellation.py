"""Cancellation of connections that are open at the same time."""

from __future__ import annotations

from datastore_sdk.transport.http.cancellation import Cancellation


def test_linked_connections_keep_their_own_interrupts() -> None:
    room = Cancellation()
    request = room.link()
    interrupted: list[str] = []
    room.attach(lambda: interrupted.append("room"))
    request.attach(lambda: interrupted.append("request"))
    request.detach()
    request.expire()
    assert not room.ended
    room.cancel()
    assert interrupted == ["room"]
    assert request.cancelled


def test_interrupted_thread_finds_both_cancelled() -> None:
    room = Cancellation()
    request = room.link()
    found: list[bool] = []
    room.attach(lambda: found.append(request.cancelled))
    request.attach(lambda: found.append(room.cancelled))
    room.cancel()
    assert found == [True, True]


def test_linked_to_a_cancelled_one() -> None:
    room = Cancellation()
    room.cancel()
    assert room.link().cancelled
