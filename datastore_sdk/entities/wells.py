"""The wells that objects belong to, and their time zones."""

from __future__ import annotations

from collections.abc import Iterable

from datastore_sdk._io.json_body import parse_id
from datastore_sdk.data.time_zones import Source
from datastore_sdk.entities.matching import get_value
from restream_api.models import Pad, Site
from restream_api.types import Model


def find_time_zones(items: Iterable[Model]) -> tuple[dict[str, object], list[Source]]:
    """Return the time zones that objects hold, by a name of their well, and the pads and sites of the other objects.

    Sites hold their time zone, and states that of their site. Stages and data changes only name their site.
    """
    zones: dict[str, object] = {}
    missing: list[Source] = []
    for item in items:
        own_site = isinstance(item, Site)
        id_ = parse_id(get_value(item, "id")) if own_site or isinstance(item, Pad) else _find_site(item)
        zone = get_value(item, "timezone" if own_site else "site.timezone")
        if isinstance(zone, str):
            zones[f"site {id_}"] = zone
        elif id_ is not None:
            missing.append(("pad" if isinstance(item, Pad) else "site", id_))
    return zones, list(dict.fromkeys(missing))


def _find_site(item: Model) -> int | None:
    """Return the id of the site of an object, which can be an object itself."""
    own = parse_id(get_value(item, "site"))
    return parse_id(get_value(item, "site.id")) if own is None else own
