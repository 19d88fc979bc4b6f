"""Labels, units and colours of the fields of records."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.missing_fields import SOURCE_PREFIX
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.pads import list_pad_fields
from restream_api.api.sites import list_site_fields
from restream_api.models import Field

log = logging.getLogger("datastore_sdk")

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


class FieldMetadata(Struct, frozen=True):
    """Label, unit and colour of a field."""

    label: str
    """Name for display; empty if unknown."""
    unit: str | None
    """Unit of the values; None if unknown."""
    color: str | None = None
    """Colour of the curve, `#RRGGBB`; None if unknown."""


FieldMetadataByName = Mapping[str, FieldMetadata]
"""Metadata of fields, by name of the field."""


def read_field_metadata(field: Field | Mapping[str, Any], *, si_units: bool) -> FieldMetadata:
    """Return label, unit and colour of a field. The service may send any JSON value for each."""
    label, unit, color = (
        field.get(key) for key in ("label", "si_unit" if si_units else "imperial_unit", "primary_color")
    )
    return FieldMetadata(
        label=label if isinstance(label, str) else "",
        unit=unit if isinstance(unit, str) else None,
        color=color if isinstance(color, str) and _COLOR.fullmatch(color) else None,
    )


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
            if isinstance(name := field.get("name"), str):
                found = read_field_metadata(field, si_units=si_units)
                metadata.setdefault(name, found)
                if is_routed and (prefix := SOURCE_PREFIX.match(name)):
                    of_routed.setdefault(name[prefix.end() :], replace(found, label=""))
    return {**of_routed, **metadata}
