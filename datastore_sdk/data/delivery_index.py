"""Index of delivered records by second and digest, in bounded memory: SQLite moves what is large to disk."""

from __future__ import annotations

from collections.abc import Iterable

from datastore_sdk.data.identity import Identity

_TABLE = "CREATE TABLE delivered (second INTEGER, digest BLOB, seen INTEGER)"
_INDEXES = ("CREATE INDEX by_digest ON delivered (digest)", "CREATE INDEX by_second ON delivered (second)")

Seconds = tuple[int | None, int | None]
"""First and last second of a range; None if it is open on that side."""
EVERYTHING: Seconds = (None, None)
"""The range of all records, including those without a timestamp."""


def lies_in(second: int | None, seconds: Seconds) -> bool:
    """Return whether a second lies in a range."""
    first, last = seconds
    if second is None:
        return seconds == EVERYTHING
    return (first is None or first <= second) and (last is None or second <= last)


class DeliveryIndex:
    """The records delivered so far, each with the number of the last request in whose response it was found."""

    def __init__(self) -> None:
        import sqlite3  # few downloads break, so few need it

        # An empty name is a private temporary database, which goes to disk as far as it does not fit in the cache.
        # The steps of one download may run in different threads, but one after the other.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(_TABLE)
        for index in _INDEXES:
            self._database.execute(index)
        self._request = 0

    def add(self, records: Iterable[Identity]) -> None:
        """Add delivered records."""
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT INTO delivered VALUES (?, ?, ?)", ((second, digest, self._request) for second, _, digest in records)
        )
        self._database.execute("COMMIT")

    def expect(self, seconds: Seconds) -> int:
        """Begin to compare the response of another request; return how many delivered records it must repeat."""
        self._request += 1
        first, last = seconds
        query = "SELECT count(*) FROM delivered"
        if seconds != EVERYTHING:
            query += " WHERE (:first IS NULL OR second >= :first) AND (:last IS NULL OR second <= :last)"
        (count,) = self._database.execute(query, {"first": first, "last": last}).fetchone()
        return int(count)

    def find(self, digest: bytes) -> bool:
        """Return whether a record was delivered, and was not yet found in this response."""
        row = self._database.execute(
            "SELECT rowid FROM delivered WHERE digest = ? AND seen < ? LIMIT 1", (digest, self._request)
        ).fetchone()
        if row is None:
            return False
        self._database.execute("UPDATE delivered SET seen = ? WHERE rowid = ?", (self._request, *row))
        return True

    def close(self) -> None:
        """Remove the database."""
        self._database.close()
