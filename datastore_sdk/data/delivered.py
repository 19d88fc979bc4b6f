"""Remembers what of a stream has been handed over, so that a stream that was broken off gives each record once."""

from __future__ import annotations

from typing import Generic, TypeVar

from datastore_sdk.data.forms import Form

R = TypeVar("R")


class Delivered(Generic[R]):
    """What was handed over of one stream, whose records come in order of time."""

    def __init__(self, form: Form[R]) -> None:
        self._position = form.position
        self.count = 0
        """How many records."""
        self.last_second = 0
        """Timestamp of the last one, in unix seconds."""
        self.known = True
        """Whether we know where we are: records without a timestamp cannot be told apart."""
        self._sites: set[int | None] = set()

    def note(self, batch: list[R]) -> None:
        """Adds records that are about to be handed over."""
        self.count += len(batch)
        for record in reversed(batch):
            position = self._position(record)
            if position is None:
                self.known = False
                return
            second, site = position
            if record is batch[-1] and second != self.last_second:
                self.last_second = second
                self._sites.clear()
            if second != self.last_second:
                return
            self._sites.add(site)

    def new_of(self, batch: list[R]) -> list[R]:
        """The records that were not handed over yet; to be asked until one comes that is later than all that were."""
        new: list[R] = []
        for index, record in enumerate(batch):
            position = self._position(record)
            if position is None or position[0] > self.last_second:
                return new + batch[index:]
            if position[0] == self.last_second and position[1] not in self._sites:
                new.append(record)
        return new
