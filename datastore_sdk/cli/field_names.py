"""Check of the field names of `--fields`, since the service ignores unknown ones."""

from __future__ import annotations

from contextlib import suppress

from datastore_sdk import Pad, Site
from datastore_sdk._utils.suggestions import suggest
from datastore_sdk._utils.validation import parse_names
from datastore_sdk.cli.assets import describe, kind_of
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.data.missing_fields import SOURCE_PREFIX
from datastore_sdk.data.query import KEY_FIELDS
from datastore_sdk.exceptions import CallError


def validate_field_names(asset: Pad | Site, fields: str) -> None:
    """Raise if a field is neither in the fields metadata nor in recent records.

    Names may have a measurement source (`M1_slurry_rate`) or not: which of them records have depends on the query.

    Raises:
        CommandError: A field is unknown; the message suggests a name.
        CallError: A request failed.
    """
    names = parse_names(fields, "--fields") or ()
    listed = {name for field in asset.get_fields_metadata(as_dict=True) if isinstance(name := field.get("name"), str)}
    known = {*KEY_FIELDS, *listed, *map(_drop_source, listed)}
    unknown = [name for name in names if name not in known and _drop_source(name) not in known]
    if unknown:
        with suppress(CallError):  # records have fields that the metadata does not list
            known.update(column.name for column in asset.get_schema().columns)
        unknown = [name for name in unknown if name not in known]
    if unknown:
        hint = suggest(unknown[0], sorted(known))
        raise CommandError(
            f"{describe(asset)} has no field {unknown[0]!r}{hint or ';'} list them with: datastore fields "
            f"--{kind_of(asset)} {asset.id} (--any-field passes any name)"
        )


def has_source(fields: str) -> bool:
    """Return whether all names have a measurement source (`M1_slurry_rate`)."""
    return all(SOURCE_PREFIX.match(name) for name in parse_names(fields, "--fields") or ())


def _drop_source(name: str) -> str:
    return SOURCE_PREFIX.sub("", name, count=1)
