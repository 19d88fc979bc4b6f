"""Ids of what a scenario has: given, or made up."""

from __future__ import annotations

from itertools import count

from datastore_sdk._utils.validation import validate_id


class Ids:
    """The ids of one kind of thing.

    Args:
        what: The kind, as errors call it.
        first: The first id that is made up.
    """

    def __init__(self, what: str, first: int) -> None:
        self._what = what
        self._next = count(first)
        self._taken: set[int] = set()

    def take(self, given: int | None) -> int:
        """The id for a new thing.

        Raises:
            TypeError: It is no int.
            ValueError: It is not positive, or taken.
        """
        if given is None:
            given = next(number for number in self._next if number not in self._taken)
        validate_id(given, f"the id of a {self._what}")
        if given in self._taken:
            raise ValueError(f"there is a {self._what} with the id {given} already")
        self._taken.add(given)
        return given
