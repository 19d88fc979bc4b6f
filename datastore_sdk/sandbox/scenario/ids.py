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
        self._used: set[int] = set()

    def take(self, requested: int | None) -> int:
        """Reserve an id, or generate one.

        Raises:
            TypeError: It is not an int.
            ValueError: It is not positive, or in use.
        """
        if requested is None:
            requested = next(number for number in self._next if number not in self._used)
        validate_id(requested, f"the id of a {self._what}")
        if requested in self._used:
            raise ValueError(f"a {self._what} with the id {requested} already exists")
        self._used.add(requested)
        return requested
