"""Units and labels of the fields of records."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from msgspec import Struct

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.missing_fields import SOURCE_PREFIX
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.pads import list_pad_fields
from restream_api.api.sites import list_site_fields

log = logging.getLogger("datastore_sdk")


class FieldMetadata(Struct, frozen=True):
    """Label and unit of a field."""

    label: str
    """Name for display; empty if unknown."""
    unit: str | None
    """Unit of the values; None if unknown."""


FieldMetadataByName = Mapping[str, FieldMetadata]
"""Metadata of fields, by name of the field."""


def fetch_field_metadata(executor: RequestExecutor, queries: Sequence[DataQuery]) -> EffectGen[FieldMetadataByName]:
    """Request the fields of each pad and site of the queries. Units are in the unit system that the query requests.

    A pad lists the names of its own records, which begin with the measurement source (`M1_slurry_rate`). Routed records
    have the names without it; they get the unit, but not the label, which names the source.

    If the fields of a pad or site cannot be requested, a warning is logged: the records are usable without them. An
    error of the service itself (no connection, a refused token) is raised when the records are requested.
    """
    metadata: dict[str, FieldMetadata] = {}
    of_routed: dict[str, FieldMetadata] = {}
    requested = ((query.source, query.id, query.si_units, query.is_routed) for query in queries)
    for source, id_, si_units, is_routed in dict.fromkeys(requested):
        try:
            fields = yield from executor.fetch(list_pad_fields(id_) if source == "pad" else list_site_fields(id_))
        except CallError as error:
            log.warning("Units and labels of the fields of %s %d are missing: %s", source, id_, error)
            continue
        for field in fields:
            name, label = field.get("name"), field.get("label")
            unit = field.get("si_unit" if si_units else "imperial_unit")
            if isinstance(name, str):  # the service may send any JSON value
                text, unit = label if isinstance(label, str) else "", unit if isinstance(unit, str) else None
                metadata.setdefault(name, FieldMetadata(text, unit))
                if is_routed and (prefix := SOURCE_PREFIX.match(name)):
                    of_routed.setdefault(name[prefix.end() :], FieldMetadata("", unit))
    return {**of_routed, **metadata}
