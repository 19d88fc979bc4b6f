"""Remembers what of a stream has been handed over, so that a stream that is asked for again gives each record once."""

from __future__ import annotations

from collections import Counter
from typing import Generic, TypeVar

from datastore_sdk.data.forms import Form

R = TypeVar("R")
S = TypeVar("S")


class Delivered(Generic[R]):
    """What was handed over of one stream, whose records come in order of time.

    Args:
        form: The form of the records.
        seconds: The timestamps that they can have.
    """

    def __init__(self, form: Form[R], seconds: range) -> None:
        self._position = form.position
        self._seconds = seconds
        self._sites: Counter[int | None] = Counter()
        """How many records of each site there were in the last second."""
        self._repeated: Counter[int | None] = Counter()
        """How many of those are still to be left out."""
        self._reached: int | None = None
        self._skip = 0
        self.count = 0
        """How many records."""
        self.last_second = 0
        """Timestamp of the last one, in unix seconds."""
        self.known = True
        """Whether the timestamps tell where we are."""

    def begin_again(self) -> None:
        """To be called before the stream is asked for again: from the last second on, or from its beginning."""
        if self.known and self.count:
            self._reached = self.last_second
            self._repeated = self._sites.copy()
        elif not self.known:
            self._skip = self.count

    def in_form(self, form: Form[S]) -> Delivered[S]:
        """The same, for a stream that comes in another form."""
        other = Delivered(form, self._seconds)
        other.count, other.last_second, other.known = self.count, self.last_second, self.known
        other._sites = self._sites.copy()
        return other

    def new_of(self, batch: list[R]) -> list[R]:
        """The records that were not handed over yet; to be given every batch, in order."""
        if self._skip:
            skipped = min(self._skip, len(batch))
            self._skip -= skipped
            return batch[skipped:]
        if self._reached is None:
            return batch
        new: list[R] = []
        for index, record in enumerate(batch):
            position = self._position(record)
            if position is None or position[0] > self._reached:
                self._reached = None
                return new + batch[index:]
            if position[0] == self._reached:
                if self._repeated[position[1]]:
                    self._repeated[position[1]] -= 1
                else:
                    new.append(record)
        return new

    def note(self, batch: list[R]) -> None:
        """Adds records that are about to be handed over."""
        self.count += len(batch)
        for record in reversed(batch):
            position = self._position(record)
            if position is None or position[0] not in self._seconds:
                self.known = False
                return
            second, site = position
            if record is batch[-1] and second != self.last_second:
                self.last_second = second
                self._sites.clear()
            if second != self.last_second:
                return
            self._sites[site] += 1
