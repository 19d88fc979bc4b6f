"""Check that the requested fields arrive, for a warning of misspelt ones. Pure: no I/O."""

from __future__ import annotations

import json

from datastore_sdk.data.missing_fields import warn_of_missing_fields
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
        self._missing = {name: _json_names(name) for name in query.fields or ()}

    def add(self, messages: list[bytes], records: int) -> None:
        """Check messages that hold this number of records."""
        if not self._missing or not records:
            return
        self._records += records
        self._missing = {
            name: texts
            for name, texts in self._missing.items()
            if not any(text in message for message in messages for text in texts)
        }
        if self._missing and self._records >= _MIN_RECORDS:
            warn_of_missing_fields(self._query, self._missing, self._records)
            self._missing = {}


def _json_names(name: str) -> set[bytes]:
    """Return the ways in which JSON may write a name."""
    return {json.dumps(name).encode(), json.dumps(name, ensure_ascii=False).encode(errors="surrogatepass")}
