"""Names of columns that differ by more than upper and lower case, which databases ignore."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count


class DistinctNames:
    """Names that are in use.

    Args:
        used: Names that are in use from the beginning.
        max_bytes: Maximum length of a name in bytes of UTF-8.
    """

    def __init__(self, used: Iterable[str] = (), max_bytes: int | None = None) -> None:
        self._used = {name.casefold() for name in used}
        self._max_bytes = max_bytes

    def add(self, name: str) -> str:
        """Return the name, with `_2`, `_3`, ... behind it if it is in use, and note it as used."""
        candidates = (self._shorten(name, ending) for ending in chain([""], map("_{}".format, count(2))))
        distinct = next(each for each in candidates if each.casefold() not in self._used)
        self._used.add(distinct.casefold())
        return distinct

    def _shorten(self, name: str, ending: str) -> str:
        if self._max_bytes is None:
            return name + ending
        room = self._max_bytes - len(ending)
        return name.encode(errors="replace")[:room].decode(errors="ignore") + ending
