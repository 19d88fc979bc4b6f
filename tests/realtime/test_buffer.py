"""Buffered items are not lost if a reader stops waiting."""

from __future__ import annotations

from datastore_sdk.realtime.buffer import Buffer
from datastore_sdk.realtime.options import StreamOptions


def test_items_of_a_cancelled_request_wait() -> None:
    buffer = Buffer[int](StreamOptions(), [])
    cancelled = buffer.request_items()
    buffer.put([1, 2])
    buffer.put([3])
    buffer.cancel_request(cancelled)
    assert (buffer.waiting, buffer.delivered) == (3, 0)
    assert [buffer.request_items().result(0), buffer.request_items().result(0)] == [[1, 2], [3]]


def test_cancelled_request_takes_nothing() -> None:
    buffer = Buffer[int](StreamOptions(), [])
    buffer.cancel_request(buffer.request_items())
    buffer.put([1])
    assert buffer.request_items().result(0) == [1]
