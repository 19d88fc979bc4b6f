"""Units and labels of the fields that records have."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from msgspec import Struct

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.pads import list_pad_fields
from restream_api.api.sites import list_site_fields

log = logging.getLogger("datastore_sdk")


class FieldMetadata(Struct, frozen=True):
    """What is known of a field."""

    label: str
    """Its name for people."""
    unit: str | None
    """The unit of its values."""


Descriptions = Mapping[str, FieldMetadata]
"""By the name of the field."""


def descriptions(exchange: RequestExecutor, queries: Sequence[DataQuery]) -> EffectGen[Descriptions]:
    """Asks each pad and site of the queries for its fields; the unit is of the system that the query asks for.

    Records can be had without: if the fields of a pad or site cannot be had, that is logged as a warning. An error of
    the service itself (no connection, a refused token) comes again with the records.
    """
    found: dict[str, FieldMetadata] = {}
    for source, id_, si_units in dict.fromkeys((query.source, query.id, query.si_units) for query in queries):
        try:
            fields = yield from exchange.fetch(list_pad_fields(id_) if source == "pad" else list_site_fields(id_))
        except CallError as error:
            log.warning("Without units and labels of the fields of %s %d: %s", source, id_, error)
            continue
        for field in fields:
            name, label = field.get("name"), field.get("label")
            unit = field.get("si_unit" if si_units else "imperial_unit")
            if isinstance(name, str):  # and not whatever else the service sent as that
                text = label if isinstance(label, str) else ""
                found.setdefault(name, FieldMetadata(text, unit if isinstance(unit, str) else None))
    return found
