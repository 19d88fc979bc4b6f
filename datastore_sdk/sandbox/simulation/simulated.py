"""A pad with simulated crews."""

from __future__ import annotations

from collections.abc import Iterator

from datastore_sdk.sandbox.simulation import records
from datastore_sdk.sandbox.simulation.field_catalog import FIELDS, FieldInfo, pad_fields, site_fields
from datastore_sdk.sandbox.simulation.operations import PadOperations
from datastore_sdk.sandbox.simulation.readings import Record, Value
from datastore_sdk.sandbox.simulation.selection import Selection


class SimulatedPadActivity(PadOperations):
    """Operations of a pad and the readings of its instruments."""

    def site_records(self, site_id: int, selection: Selection) -> Iterator[Record]:
        """Yield the records of one site."""
        return records.site_records(self, site_id, selection)

    def pad_records(self, selection: Selection) -> Iterator[Record]:
        """Yield the records of the whole pad."""
        return records.pad_records(self, selection)

    def columns(self, site_id: int, selection: Selection) -> dict[str, dict[int, Value]]:
        """Return the records of a site field by field, without building the records."""
        return records.site_columns(self, site_id, selection)

    def site_fields(self, site_id: int) -> tuple[FieldInfo, ...]:  # noqa: ARG002 - all sites have the same instruments
        """Return the fields of a site."""
        return site_fields()

    def pad_fields(self) -> tuple[FieldInfo, ...]:
        """Return the fields of the pad."""
        return pad_fields(self.pad)

    def sampling_period(self, site_id: int, name: str) -> tuple[int, int]:  # noqa: ARG002 - all sites have the same instruments
        """When a field is read."""
        return FIELDS[name].period, records.phase(name)
