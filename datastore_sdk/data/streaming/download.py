"""What can be told of records while they are on their way."""

from __future__ import annotations

from collections.abc import Callable

from datastore_sdk.transport.executor.response_body import ResponseBody

JsonText = bytes
"""`Download` has an attribute of the name `bytes`."""


class Download:
    """What has come of one download. One thread writes to it, any may read."""

    def __init__(self) -> None:
        self.index = 0
        """Which of the queries is being answered."""
        self.records = 0
        """How many records were handed over."""
        self.kept = 0
        """How many bytes of them had come before, in an earlier run."""
        self.reached: int | None = None
        """Timestamp of the last record of the query, in unix seconds."""
        self.notice: Callable[[], None] | None = None
        """Called whenever records are handed over."""
        self.awaited: set[JsonText] = set()
        """Names of fields, as JSON, that no record has had yet."""
        self._resumptions = 0
        self._bytes = 0
        self._body: ResponseBody | None = None
        self._parts: list[Download] = []

    @property
    def resumptions(self) -> int:
        """How often the rest was asked for because a stream had broken off."""
        return self._resumptions + sum(part.resumptions for part in self._parts)

    @property
    def bytes(self) -> int:
        """How many bytes of bodies were received, decompressed."""
        body = self._body
        return self._bytes + (body.received if body else 0) + sum(part.bytes for part in self._parts)

    def turn_to(self, index: int) -> None:
        """Another query is being answered now."""
        self.index, self.reached = index, None

    def receive(self, body: ResponseBody | None) -> None:
        """Another body is being received now, or none."""
        before, self._body = self._body, body
        self._bytes += before.received if before else 0

    def resume(self) -> None:
        """The rest is asked for."""
        self._resumptions += 1

    def hand_over(self, count: int, reached: int | None) -> None:
        """So many records more are about to be handed over."""
        self.records += count
        self.reached = reached
        if self.notice is not None:
            self.notice()

    def look_for_fields(self, text: JsonText) -> None:
        """Note which of the awaited fields the JSON text of records has."""
        self.awaited.difference_update([name for name in self.awaited if name in text])

    def part(self) -> Download:
        """The download of a part, whose records are handed over by this one."""
        part = Download()
        part.awaited = self.awaited
        self._parts.append(part)
        return part
