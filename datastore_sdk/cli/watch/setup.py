"""Preparation of the live view: check the options, and load wells and fields."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from shlex import join
from typing import Any

from datastore_sdk import Client, Pad, Site
from datastore_sdk._io.json_body import is_object, parse_id
from datastore_sdk._utils.validation import parse_names
from datastore_sdk.cli.assets import describe, display_zone, open_asset, resolve_zone, validate_choice
from datastore_sdk.cli.console import printable
from datastore_sdk.cli.field_names import validate_field_names
from datastore_sdk.cli.watch.feed import Feed
from datastore_sdk.cli.watch.model import WatchedField, WatchModel
from datastore_sdk.cli.watch.options import WatchOptions
from datastore_sdk.cli.watch.screen import show, validate_terminal
from datastore_sdk.data.field_metadata import read_field_metadata
from datastore_sdk.exceptions import CallError
from datastore_sdk.plot.content import DEFAULT_FIELDS

_SHORT_LABELS = {
    "surface_treating_pressure": "Treating pressure",
    "slurry_rate": "Slurry rate",
    "proppant_conc": "Proppant conc.",
}
"""Labels of the usual fields. Those of the service are too long for 80 columns."""


def watch_asset(options: WatchOptions) -> None:
    """Show the live view of a pad or site until it is quit.

    Raises:
        CommandError: The options do not go together, the terminal cannot show the view, the pad or site does not
            exist, or it has no such field.
        RestreamError: The service refuses a request.
    """
    validate_choice(options.pad, options.site)
    fields = DEFAULT_FIELDS if options.fields is None else options.fields
    names = ",".join(dict.fromkeys(parse_names(fields, "--fields") or ()))
    chosen = ["--site", str(options.site)] if options.pad is None else ["--pad", str(options.pad), "--routed"]
    validate_terminal(join(["datastore", "tail", *chosen, "--fields", names]))
    with open_asset(options.pad, options.site, options.profile) as (client, asset):
        loaded = type(asset).get_model(id=asset.id, client=client, as_dict=True)
        zone = display_zone(resolve_zone(options.tz, asset, client))
        if not options.any_field:
            validate_field_names(asset, names)
        name = loaded.get("name")
        title = f"{printable(name)} ({describe(asset)})" if isinstance(name, str) else describe(asset)
        wells = _list_wells(asset, loaded, client)
        watched = _describe_fields([Site(id_, client=client) for id_ in wells], names.split(","), si=options.si)
        model = WatchModel(title, wells, watched, site=asset.id if isinstance(asset, Site) else None)
        show(model, Feed(asset, watched, si=options.si), zone)


def _list_wells(asset: Pad | Site, loaded: Mapping[str, Any], client: Client) -> dict[int, str]:
    """Return names of the wells by id."""
    if isinstance(asset, Site):
        return {asset.id: _name(loaded, asset.id)}
    sites = Site.get_models(client=client, pad_id=asset.id, as_dict=True)
    return {id_: _name(site, id_) for site in sites if (id_ := parse_id(site.get("id"))) is not None}


def _name(site: Mapping[str, Any], id_: int) -> str:
    name = site.get("name")
    return printable(name) if isinstance(name, str) and name else f"site {id_}"


def _describe_fields(wells: list[Site], names: list[str], *, si: bool) -> list[WatchedField]:
    """Return label, unit and colour of the fields; names alone if the service does not describe them.

    The fields of a well have the names of routed records; those of a pad carry the measurement source.
    """
    by_name: dict[str, Mapping[str, Any]] = {}
    with suppress(CallError):
        for field in filter(is_object, wells[0].get_fields_metadata(as_dict=True) if wells else ()):
            if isinstance(name := field.get("name"), str):
                by_name.setdefault(name, field)
    return [_describe_field(name, by_name.get(name, {}), si=si) for name in names]


def _describe_field(name: str, field: Mapping[str, Any], *, si: bool) -> WatchedField:
    found = read_field_metadata(field, si_units=si)
    return WatchedField(
        name=name,
        label=_SHORT_LABELS.get(name, printable(found.label) or name),
        unit=printable(found.unit or ""),
        color=found.color,
    )
