"""Check that the requested fields arrive, for a warning of misspelt ones. Pure: no I/O."""

from __future__ import annotations

from datastore_sdk.data.missing_fields import UnseenFields, warn_of_missing_fields
from datastore_sdk.data.query import DataQuery

_MIN_RECORDS = 30
"""Number of records after which a field that none of them has is reported."""


class FieldCheck:
    """Looks for the names of requested fields in messages, and logs one warning of those that do not arrive.

    The check reads what arrives anyway. It makes no request to `/fields/`, which could fail or delay the stream.

    Args:
        query: The query of the records.
    """

    def __init__(self, query: DataQuery) -> None:
        self._query = query
        self._records = 0
        self._unseen = UnseenFields(query.fields or ())

    def add(self, messages: list[bytes], records: int) -> None:
        """Check messages that hold this number of records."""
        if not self._unseen.names or not records:
            return
        self._records += records
        for message in messages:
            self._unseen.add(message)
        if self._records >= _MIN_RECORDS and (missing := self._unseen.names):
            warn_of_missing_fields(self._query, missing, self._records)
            self._unseen = UnseenFields()
