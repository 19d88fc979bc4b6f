"""Ids of the objects in a scenario."""

from __future__ import annotations

from itertools import count

from datastore_sdk._utils.validation import validate_id


class Ids:
    """Ids of one kind of object.

    Args:
        what: Name of the kind in error messages.
        first: First id to generate.
    """

    def __init__(self, what: str, first: int) -> None:
        self._what = what
        self._next = count(first)
        self._taken: set[int] = set()

    def take(self, given: int | None) -> int:
        """Reserve an id, or generate one.

        Raises:
            TypeError: It is not an int.
            ValueError: It is not positive, or in use.
        """
        if given is None:
            given = next(number for number in self._next if number not in self._taken)
        validate_id(given, f"the id of a {self._what}")
        if given in self._taken:
            raise ValueError(f"a {self._what} with the id {given} already exists")
        self._taken.add(given)
        return given
