"""Index of delivered records by second and digest, in bounded memory: SQLite moves a large index to disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from datastore_sdk.data.streaming.record_identity import Identity

_TABLE = "CREATE TABLE delivered (number INTEGER PRIMARY KEY, second INTEGER, digest BLOB, seen INTEGER)"
_INDEX = "CREATE INDEX IF NOT EXISTS by_digest ON delivered (digest)"
_IN_RANGE = "(:first IS NULL OR second >= :first) AND (:last IS NULL OR second <= :last)"

SecondRange = tuple[int | None, int | None]
"""First and last second of a range; None if it is open on that side."""
ALL_SECONDS: SecondRange = (None, None)
"""The range of all records, including those without a timestamp."""


def is_in_range(second: int | None, seconds: SecondRange) -> bool:
    """Return whether a second lies in a range."""
    first, last = seconds
    if second is None:
        return seconds == ALL_SECONDS
    return (first is None or first <= second) and (last is None or second <= last)


class DeliveryIndex:
    """The records delivered so far, each with the number of the last response in which it was found."""

    def __init__(self) -> None:
        import sqlite3  # seldom needed: few downloads break

        # An empty name is a private temporary database, which goes to disk if it does not fit in the cache.
        # The steps of one download may run in different threads, but one after the other.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(_TABLE)
        self._response = 0
        self._seconds = ALL_SECONDS
        self._last_found = 0
        self._in_order = True

    def add(self, records: Iterable[Identity]) -> None:
        """Add delivered records, in the order of their delivery."""
        rows = ((second, digest, self._response) for second, _, digest in records)
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO delivered (second, digest, seen) VALUES (?, ?, ?)", rows)
        self._database.execute("COMMIT")

    def expect(self, seconds: SecondRange) -> int:
        """Start to compare another response; return the number of delivered records of these seconds."""
        self._response += 1
        self._seconds, self._last_found, self._in_order = seconds, 0, True
        ((count,),) = self._select("count(*)")
        return int(count)

    def find(self, digests: Sequence[bytes]) -> list[bool]:
        """Return which records were delivered and not yet found in this response.

        A response usually has the order of the delivery. Then the search is many times faster.
        """
        found = self._find_in_order(digests) if self._in_order else 0
        return [True] * found + [self._find(digest) for digest in digests[found:]]

    def close(self) -> None:
        """Remove the database."""
        self._database.close()

    def _find_in_order(self, digests: Sequence[bytes]) -> int:
        """Return the number of records that are the next delivered ones, in order."""
        rows = self._select("number, digest", f"number > {self._last_found} ORDER BY number LIMIT {len(digests)}")
        self._in_order = [digest for _, digest in rows] == [*digests[: len(rows)]]
        if not (self._in_order and rows):
            return 0
        before, self._last_found = self._last_found, rows[-1][0]
        # Records in between are not of the seconds of this response.
        self._database.execute(
            "UPDATE delivered SET seen = ? WHERE number > ? AND number <= ?", (self._response, before, self._last_found)
        )
        return len(rows)

    def _find(self, digest: bytes) -> bool:
        self._database.execute(_INDEX)
        row = self._database.execute(
            "SELECT number FROM delivered WHERE digest = ? AND seen < ? LIMIT 1", (digest, self._response)
        ).fetchone()
        if row is not None:
            self._database.execute("UPDATE delivered SET seen = ? WHERE number = ?", (self._response, *row))
        return row is not None

    def _select(self, what: str, further: str = "TRUE") -> list[Any]:
        """Select from the delivered records of the seconds of this response."""
        first, last = self._seconds
        in_range = "TRUE" if self._seconds == ALL_SECONDS else _IN_RANGE
        query = f"SELECT {what} FROM delivered WHERE {in_range} AND {further}"  # noqa: S608 - constants only
        return self._database.execute(query, {"first": first, "last": last}).fetchall()
