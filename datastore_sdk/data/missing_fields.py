"""Warning of requested fields that no record has, such as misspelt ones. Pure: no I/O."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable

from datastore_sdk.data.query import DataQuery

log = logging.getLogger("datastore_sdk")

SOURCE_PREFIX = re.compile(r"[A-Z]+\d+_")
"""Start of a field name that carries its measurement source."""


class UnseenFields:
    """Requested fields that no record has had yet, searched for in the JSON text of records.

    Args:
        names: Names of the fields.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._spellings = {name: _spell_in_json(name) for name in names}

    @property
    def names(self) -> list[str]:
        """Names of the fields."""
        return [*self._spellings]

    def add(self, text: bytes) -> None:
        """Drop the fields that the JSON text of records has."""
        seen = [name for name, spellings in self._spellings.items() if any(each in text for each in spellings)]
        for name in seen:
            self._spellings.pop(name, None)  # parts of a download share this object


def warn_of_missing_fields(query: DataQuery, names: Iterable[str], records: int) -> None:
    """Log a warning of fields that none of the records has.

    Args:
        query: The query of the records.
        names: Requested fields that never arrived.
        records: Number of records that arrived.
    """
    names = [*names]
    if query.source == "pad" and not query.is_routed:
        hint = "without is_routed=True, names carry the measurement source, such as 'M1_slurry_rate'"
    elif any(map(SOURCE_PREFIX.match, names)):
        hint = "names with a measurement source, such as 'M1_slurry_rate', belong to pads without is_routed=True"
    else:
        hint = "get_fields_metadata() lists the names"
    fields = ", ".join(map(repr, names))
    log.warning("None of the %d records of %s %d has the fields %s: %s", records, query.source, query.id, fields, hint)


def _spell_in_json(name: str) -> set[bytes]:
    """Return the ways in which JSON may write a name."""
    return {json.dumps(name).encode(), json.dumps(name, ensure_ascii=False).encode(errors="surrogatepass")}
